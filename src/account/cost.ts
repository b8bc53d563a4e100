import type { Tokens } from './entry.ts'
import type { Price } from './price.ts'

const MICRO = 1_000_000

/**
 * What a reply cost. What the provider says that it charges counts; else its tokens at their price, where reading from a
 * cache, and writing to one, cost as much as input unless the price says otherwise, and writing for an hour as much as
 * writing. (Anthropic charges 1.25 times the input for five minutes, 2 times for an hour, and for reading 0.1 times or less.)
 * @param reported what the provider says that it charges, in US dollars
 * @returns whole micro-dollars, rounded once; null where neither is known
 */
export function costOf (tokens: Tokens, price: Price | undefined, reported?: number | null): number | null {
  if (typeof reported === 'number' && Number.isFinite(reported) && reported >= 0) return whole(Math.round, reported * MICRO)
  if (price === undefined) return null
  const { input, output, cacheRead = input, cacheWrite = input, cacheWrite1h = cacheWrite, request = 0 } = price
  return whole(Math.round, tokens.input * input + tokens.cacheRead * cacheRead + tokens.cacheWrite5m * cacheWrite +
    tokens.cacheWrite1h * cacheWrite1h + tokens.output * output + request * MICRO)
}

/**
 * The most that a request can cost: for what is reserved before it is sent. All of the prompt is taken to be of the
 * dearest kind, and the answer to be as long as it may become.
 * @param price for a prompt of this length
 * @returns whole micro-dollars; null where no price is known
 */
export function worstCost (promptTokens: number, maxTokens: number, price: Price | undefined): number | null {
  if (price === undefined) return null
  const { input, output, cacheRead = input, cacheWrite = input, cacheWrite1h = cacheWrite, request = 0 } = price
  return whole(Math.ceil, promptTokens * Math.max(input, cacheRead, cacheWrite, cacheWrite1h) + maxTokens * output + request * MICRO)
}

/** How far off a sum of such numbers may be, by their size: fifteen digits are what they can be trusted for. */
const TRUST = 1e-14

/** As binary fractions, 3 × 0.35 is a hair below 1.05. That counts only where rounding turns, at whole and half numbers; to print a number is slow. */
function whole (round: (value: number) => number, value: number): number {
  const halves = value * 2
  const trusted = Math.abs(halves - Math.round(halves)) > halves * TRUST ? value : Number(value.toPrecision(15))
  return Math.min(Number.MAX_SAFE_INTEGER, Number.isInteger(value) ? value : round(trusted))
}
