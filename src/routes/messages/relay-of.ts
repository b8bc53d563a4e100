import type { Relay, Target } from '../../provider.ts'

/** How a target takes requests of the Messages API as they are; undefined where they must be written anew. */
export function relayOf ({ provider: { pair, adapters } }: Target): Relay | undefined {
  return adapters.length === 0 ? pair.relay : undefined
}
