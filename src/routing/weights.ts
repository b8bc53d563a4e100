import { createHash } from 'node:crypto'
import type { Verdict } from './rules.ts'
import type { Targets } from './route.ts'
import type { RequestTraits } from './traits.ts'

/** The targets of a rule, each with its share of the requests. */
export type WeightedUse = readonly { readonly targets: Targets, readonly weight: number }[]

/**
 * One of a rule's uses, by weight. A session stays with the one it got, on every replica: it is chosen by what the session
 * is known by and not by chance.
 */
export function pick (use: WeightedUse, traits: RequestTraits, rule: string, why: string): Verdict {
  const [first] = use
  if (first !== undefined && use.length === 1) return { targets: first.targets, why }
  const total = use.reduce((sum, { weight }) => sum + weight, 0)
  let point = shareOf(`${rule}\n${traits.session ?? traits.conversation}`) * total
  const chosen = use.find(({ weight }) => (point -= weight) < 0) ?? use.findLast(({ weight }) => weight > 0)
  return { targets: chosen?.targets ?? null, why: `${why}; ${chosen?.weight} of ${total} go to ${chosen?.targets[0].name}` }
}

/** A number from 0 up to, not including, 1. */
function shareOf (text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32
}
