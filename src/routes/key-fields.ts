import type { Config } from '../config/snapshot.ts'
import { ApiError, invalidRequest } from '../errors.ts'
import type { KeyFields, StoredKey } from '../store/key-row.ts'
import type { KeyPosition } from '../store/keys.ts'
import type { KeyChangesBody } from './key-schemas.ts'

const DAY = 86_400_000
const MAX_PAGE = 100
const USUAL_PAGE = 50
const CURSOR = /^(\d{1,16})\.(key_[0-9a-f]+)$/

/** The name under which usage of Anthropic's keys is kept (plugins/auth.ts). */
const RESERVED = 'anthropic'

/**
 * What a body says of a key; only what it names.
 * @param now milliseconds since 1970
 * @throws {ApiError} 400 for a profile or an expiry that cannot be, 409 for the name of a key of the configuration
 */
export function fieldsOf (body: KeyChangesBody, config: Config, now: number): Partial<KeyFields> {
  const { expiresAt, expiresInDays, budgets, name, profile, ...same } = body
  if (name !== undefined) refuseConfigured(name, config)
  if (typeof profile === 'string' && !config.profiles.has(profile)) throw invalidRequest(`profile: there is no profile ${profile.slice(0, MAX_PAGE)}; Router.profiles has ${[...config.profiles.keys()].join(', ') || 'none'}`)
  const expiry = expiryOf(expiresAt, expiresInDays, now)
  return {
    ...same,
    ...(name !== undefined && { name }),
    ...(profile !== undefined && { profile }),
    ...(budgets !== undefined && { budgets: budgets ?? [] }),
    ...(expiry !== undefined && { expiresAt: expiry })
  }
}

function refuseConfigured (name: string, { keys }: Config): void {
  if (name !== RESERVED && !keys.some(({ identity }) => identity.name === name)) return
  const whose = name === RESERVED ? 'the usage of keys of Anthropic' : 'a key of the configuration'
  throw new ApiError('conflict_error', `name: ${name} is the name of ${whose}; take another`, { retryable: false })
}

/** Milliseconds since 1970; null for never, undefined where nothing is said of it. */
function expiryOf (at: string | null | undefined, days: number | undefined, now: number): number | null | undefined {
  if (days !== undefined) {
    if (at !== undefined) throw invalidRequest('expiresInDays: Input should not be there beside expiresAt')
    return Math.round(now + days * DAY)
  }
  if (typeof at !== 'string') return at
  const time = Date.parse(at)
  if (Number.isNaN(time)) throw invalidRequest('expiresAt: Input should be a date and time such as 2027-01-31T00:00:00Z')
  if (time <= now) throw invalidRequest('expiresAt: Input should be in the future')
  return time
}

/** A key as the API shows it. @param now milliseconds since 1970 */
export function keyDocument (key: StoredKey, now: number): object {
  const { createdAt, updatedAt, expiresAt, revokedAt, ...same } = key
  return {
    ...same,
    state: revokedAt !== null ? 'revoked' : expiresAt !== null && expiresAt <= now ? 'expired' : 'active',
    createdAt: isoTime(createdAt),
    updatedAt: isoTime(updatedAt),
    expiresAt: expiresAt === null ? null : isoTime(expiresAt),
    revokedAt: revokedAt === null ? null : isoTime(revokedAt)
  }
}

function isoTime (time: number): string {
  return new Date(time).toISOString()
}

/** How many keys a page has. @throws {ApiError} 400 */
export function pageSize (limit = String(USUAL_PAGE)): number {
  const size = Number(limit)
  if (size < 1 || size > MAX_PAGE) throw invalidRequest(`limit: Input should be a whole number from 1 to ${MAX_PAGE}`)
  return size
}

/** The cursor of the page behind a key. */
export function cursorOf ({ createdAt, id }: KeyPosition): string {
  return Buffer.from(`${createdAt}.${id}`).toString('base64url')
}

/** The inverse of {@link cursorOf}. @throws {ApiError} 400 */
export function positionOf (cursor: string): KeyPosition {
  const [, createdAt, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (createdAt === undefined || id === undefined) throw invalidRequest('cursor: Input should be `next` of another page')
  return { createdAt: Number(createdAt), id }
}
