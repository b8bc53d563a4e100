import { invalidRequest } from '../../errors.ts'
import { parseJson } from '../../wire/json.ts'

/** What every list of the usage can be narrowed by. */
export interface UsageQuery {
  from?: string
  to?: string
  provider?: string
  model?: string
  scenario?: string
  key?: string
  team?: string
}

const text = (description: string) => ({ type: 'string', minLength: 1, maxLength: 256, description }) as const
const time = (what: string) => ({ type: 'string', minLength: 1, maxLength: 40, description: `${what}: RFC 3339, a date (UTC), or milliseconds since 1970.` }) as const

/** JSON Schema of {@link UsageQuery}'s members. */
export const usageQuery = {
  from: time('From then on'),
  to: time('Before then'),
  provider: text('A provider, by its name.'),
  model: text('A model, as its provider is asked for it.'),
  scenario: text('The kind of rule that decided: default, think, background, rules …'),
  key: text('A key, by its id or name.'),
  team: text('Keys of a team.')
} as const

const DATE = /^\d{4}-\d{2}-\d{2}$/
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2})$/
const LATEST = 8_640_000_000_000_000

/** A time of a query. @returns milliseconds since 1970 @throws {ApiError} 400 that names the parameter */
export function timeOf (name: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const time = /^\d{1,16}$/.test(given) ? Number(given) : DATE.test(given) || RFC3339.test(given) ? Date.parse(given) : NaN
  if (Number.isNaN(time) || time > LATEST) throw invalidRequest(`${name}: must be a time such as 2026-11-26T12:00:00Z, a date such as 2026-11-26, or milliseconds since 1970`)
  return time
}

/** The times of a query. @throws {ApiError} 400 */
export function rangeOf ({ from, to }: UsageQuery): { from: number | undefined, to: number | undefined } {
  const range = { from: timeOf('from', from), to: timeOf('to', to) }
  if (range.from !== undefined && range.to !== undefined && range.from >= range.to) throw invalidRequest('from: must be before to')
  return range
}

/** A number of a query. @throws {ApiError} 400 that names the parameter */
export function limitOf (given: string | undefined, usual: number, most: number): number {
  if (given === undefined) return usual
  const limit = /^\d{1,6}$/.test(given) ? Number(given) : 0
  if (limit < 1 || limit > most) throw invalidRequest(`limit: must be a whole number from 1 to ${most}`)
  return limit
}

/** Where a page begins, as a text that tells clients nothing. */
export function cursorOf (position: readonly (string | number)[] | null): string | null {
  return position === null ? null : Buffer.from(JSON.stringify(position)).toString('base64url')
}

/**
 * Reads a cursor back.
 * @param form the types of its members
 * @throws {ApiError} 400 for what this gateway has not written
 */
export function positionOf<Position extends readonly (string | number)[]> (cursor: string | undefined, form: readonly ('string' | 'number')[]): Position | undefined {
  if (cursor === undefined) return undefined
  const position = parseJson(Buffer.from(cursor, 'base64url').toString())
  if (!Array.isArray(position) || position.map(member => typeof member).join() !== form.join()) throw invalidRequest('cursor: must be the next of an answer, as it was given')
  return position as unknown as Position
}
