import type { RequestTraits } from './traits.ts'

/** What may be taken for a wish to think hard: a `thinking.type`, an effort, or the keyword. */
export const THINK_SIGNS = ['enabled', 'adaptive', 'low', 'medium', 'high', 'xhigh', 'max', 'ultrathink'] as const
export type ThinkSign = typeof THINK_SIGNS[number]

/**
 * Not plain `adaptive`, and no effort up to `high`: Claude Code sends both with every request of the main loop.
 */
export const THINK_ON: readonly ThinkSign[] = ['enabled', 'xhigh', 'max', 'ultrathink']

/** The sign that a request shows, in words; undefined where it shows none of these. */
export function thinkSign ({ thinking, budget, effort, ultrathink }: RequestTraits, signs: readonly string[]): string | undefined {
  // Where thinking is off, an effort says nothing of it, and a keyword is quoted.
  if (thinking === 'disabled') return undefined
  if (ultrathink && signs.includes('ultrathink')) return 'the prompt holds the keyword ultrathink'
  if (signs.includes(thinking)) return `thinking is ${thinking}${budget === undefined ? '' : `, with a budget of ${budget} tokens`}`
  if (effort !== undefined && signs.includes(effort)) return `the effort is ${effort}`
  return undefined
}
