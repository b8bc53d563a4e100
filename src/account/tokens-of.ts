import type { Usage } from '../wire/anthropic.ts'
import { countOf } from '../wire/json.ts'
import type { Tokens } from './entry.ts'

/** No reply has more: who says so has not counted, and no sum of ours may break by it. */
const MAX_COUNT = 1_000_000_000

/**
 * The tokens of a reply, each in one place. What was written to a cache was written for five minutes, as far as its usage
 * does not say otherwise; where the two kinds are not together what was written, the sum counts.
 */
export function tokensOf ({ input_tokens: input, cache_read_input_tokens: read, cache_creation_input_tokens: created, cache_creation: kinds, output_tokens: output, output_tokens_details: details }: Usage): Tokens {
  const written = count(created)
  const hour = Math.min(written, count(kinds?.ephemeral_1h_input_tokens))
  return {
    input: count(input),
    cacheRead: count(read),
    cacheWrite5m: written - hour,
    cacheWrite1h: hour,
    output: count(output),
    // Some count reasoning apart from the output, and more of it than there is output.
    reasoning: Math.min(count(output), count(details?.thinking_tokens))
  }
}

/** A whole number, whatever stands there: parts of it come from the provider as they are. */
function count (value: unknown): number {
  const told = Math.floor(countOf(value) ?? 0)
  return told <= MAX_COUNT ? told : 0
}
