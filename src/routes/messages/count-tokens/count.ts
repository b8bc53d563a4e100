import { ApiError } from '../../../errors.ts'
import type { Target } from '../../../provider.ts'
import { settle } from '../../../upstream/provider-lanes.ts'
import { type Verdict, verdictOf } from '../../../upstream/verdict.ts'
import type { Work } from '../work.ts'
import { CANNOT_COUNT, type Counted, askCounter } from './ask-counter.ts'
import type { CountMemory } from './memory.ts'
import { type Question, digestOf, questionFor } from './question.ts'

/** Milliseconds that counting may take, with all keys that are tried: clients wait for it before they ask what they came for. */
const TIME = 2000
/** Milliseconds for which a server that has no counter is not asked again, and one whose counter failed. */
const REST = 600_000
const SHORT_REST = 30_000
/** What the request is at fault for, and not the server. */
const FAULTS: readonly Verdict[] = ['final', 'overflow']

/**
 * The tokens of a request by the target's own counter, or as that said before.
 * @returns undefined where it cannot say, so that they must be estimated
 * @throws {ApiError} what a server of the client's own wire says is wrong with the request; why the work is over, if it is
 */
export async function countBy (work: Work, target: Target, memory: CountMemory): Promise<Counted | undefined> {
  if (memory.rests(target)) return undefined
  const question = questionFor(work, target)
  if (question === undefined) return undefined
  const digest = digestOf(question)
  const known = memory.recall(target, digest)
  if (known !== undefined) return { bytes: known, headers: {} }
  const counted = await withEachKey(work, target, question, memory)
  if (counted !== undefined) memory.remember(target, digest, counted.bytes)
  return counted
}

async function withEachKey (work: Work, target: Target, question: Question, memory: CountMemory): Promise<Counted | undefined> {
  const { app, interruption } = work
  const lanes = app.lanes.of(target.provider)
  const end = performance.now() + TIME
  for (let keys = Math.max(1, target.provider.apiKeys.length); keys > 0; keys--) {
    const lane = lanes.enter(target)
    if (!('breaker' in lane)) return undefined
    // The key in its headers is that of the target it was made for.
    const asked = lane.target === target ? question : questionFor(work, lane.target)
    if (asked === undefined) return undefined
    const result = await askCounter(work, lane, asked, end - performance.now()).finally(() => lane.breaker.left())
    if (!(result instanceof ApiError)) return result
    if (interruption.reason !== null) throw interruption.reason
    const verdict = verdictOf(result)
    if (FAULTS.includes(verdict)) {
      if (question.passes) throw result
      return undefined
    }
    if (result.status !== 429 && verdict !== 'key') {
      memory.rest(target, result.status === CANNOT_COUNT ? REST : SHORT_REST)
      return undefined
    }
    // Of its limits nothing is learned: Anthropic has others for counts (https://docs.claude.com/en/docs/build-with-claude/token-counting).
    if (result.status !== 429) settle(lane, lanes, result)
    else if (keys === 1) memory.rest(target, SHORT_REST)
  }
  return undefined
}
