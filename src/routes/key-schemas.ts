import type { FromSchema } from 'json-schema-to-ts'
import { budgetSchema, keySettings } from '../account/key-schema.ts'
import { keys } from '../config/schema-account.ts'

/** The most that the databases hold. */
const MAX_INTEGER = 2 ** 31 - 1
const MAX_BIGINT = Number.MAX_SAFE_INTEGER
const MAX_TEXT = 200
const MAX_GLOBS = 100
const MAX_BUDGETS = 20
const MAX_DAYS = 36_500

/** A text for people: no line ends, and no NUL, which PostgreSQL cannot keep. */
const text = { minLength: 1, maxLength: MAX_TEXT, pattern: '^[^\\u0000-\\u001f\\u007f]*$' } as const
const glob = { type: 'string', minLength: 1, maxLength: MAX_TEXT } as const
const date = (description: string) => ({ type: ['string', 'null'], format: 'date-time', description }) as const

const name = { ...keys.items.properties.name, maxLength: MAX_TEXT, description: 'How rules, usage and the log name it; no other key may have it. A name is free again once its key is revoked.' } as const

/** What may be said of a key, beside its name and role; null for nothing, which is also what it is without it. */
const fields = {
  owner: { ...keySettings.owner, ...text, type: ['string', 'null'] },
  team: { ...keySettings.team, ...text, type: ['string', 'null'] },
  models: { ...keySettings.models, type: ['array', 'null'], maxItems: MAX_GLOBS, items: glob },
  providers: { ...keySettings.providers, type: ['array', 'null'], maxItems: MAX_GLOBS, items: glob },
  requestsPerMinute: { ...keySettings.requestsPerMinute, type: ['integer', 'null'], maximum: MAX_INTEGER },
  tokensPerMinute: { ...keySettings.tokensPerMinute, type: ['integer', 'null'], maximum: MAX_BIGINT },
  concurrentStreams: { ...keySettings.concurrentStreams, type: ['integer', 'null'], maximum: MAX_INTEGER },
  budgets: { ...keySettings.budgets, type: ['array', 'null'], maxItems: MAX_BUDGETS },
  profile: { ...keySettings.profile, type: ['string', 'null'] }
} as const

const expiry = {
  expiresAt: date('When it stops being served (RFC 3339).'),
  expiresInDays: { type: 'number', exclusiveMinimum: 0, maximum: MAX_DAYS, description: 'In place of expiresAt: in how many days.' }
} as const

const role = { ...keySettings.role, default: 'inference' } as const

export const newKeySchema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: { name, role, ...fields, ...expiry }
} as const

export const keyChangesSchema = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { name, role: keySettings.role, ...fields, ...expiry }
} as const

export type NewKeyBody = FromSchema<typeof newKeySchema>
export type KeyChangesBody = FromSchema<typeof keyChangesSchema>

const shown = {
  id: { type: 'string', description: 'What the API knows it by.' },
  name,
  hint: { type: 'string', description: 'The last characters of its secret.' },
  state: { type: 'string', enum: ['active', 'expired', 'revoked'] },
  role: { type: 'string', ...keySettings.role },
  ...fields,
  // What is required of a budget is of no use here, and the printer would check it for each.
  budgets: { type: 'array', description: keySettings.budgets.description, items: { type: 'object', properties: budgetSchema.properties } },
  createdAt: { type: 'string', format: 'date-time' },
  updatedAt: { type: 'string', format: 'date-time' },
  expiresAt: date('When it stops being served; null for never.'),
  revokedAt: date('When it was revoked; null if it was not.')
} as const

const required = Object.keys(shown)

export const keySchema = { type: 'object', description: 'A key.', required, properties: shown } as const

export const createdKeySchema = {
  type: 'object',
  description: 'The key, with its secret.',
  required: ['key', ...required],
  properties: { key: { type: 'string', description: 'The secret, to be sent as `x-api-key` or `Authorization: Bearer`. It is told this once.' }, ...shown }
} as const

export const keyListSchema = {
  type: 'object',
  description: 'A page of keys.',
  required: ['keys', 'next'],
  properties: {
    keys: { type: 'array', items: keySchema },
    next: { type: ['string', 'null'], description: 'The cursor of the next page; null on the last.' }
  }
} as const

export const pageSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    limit: { type: 'string', pattern: '^[0-9]+$', default: '50', description: 'How many, from 1 to 100.' },
    cursor: { type: 'string', description: '`next` of the page before.' }
  }
} as const

export const idSchema = { type: 'object', required: ['id'], properties: { id: { type: 'string', description: '`id` of the key.' } } } as const

/** What every failure is told as. */
export const errorSchema = {
  type: 'object',
  required: ['type', 'error', 'request_id'],
  properties: {
    type: { type: 'string', const: 'error' },
    error: { type: 'object', required: ['type', 'message'], properties: { type: { type: 'string' }, message: { type: 'string' } } },
    request_id: { type: 'string' }
  }
} as const
