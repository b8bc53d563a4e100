import { errorSchema } from '../key-schemas.ts'

const difference = {
  type: 'object',
  properties: {
    path: { type: 'string', description: 'As errors have it: `Providers[0].models[1]`.' },
    op: { enum: ['added', 'removed', 'changed'] },
    before: { description: 'Secrets masked.' },
    after: { description: 'Secrets masked.' }
  }
} as const

const names = { type: 'array', items: { type: 'string' } } as const
const changes = { type: 'object', properties: { added: names, removed: names, changed: names } } as const

const effects = {
  type: 'object',
  description: 'What comes of it.',
  properties: {
    providers: changes,
    rules: changes,
    keys: { ...changes, description: '`removed` lose access.' },
    restart: { ...names, description: 'Settings that hold only after a restart.' }
  }
} as const

/** A configuration document; what it may hold is at `/api/config/schema`. */
export const documentSchema = { type: 'object', description: 'A configuration document, with secrets masked; `GET /api/config/schema` says what it may hold.', additionalProperties: true } as const

export const editedSchema = {
  type: 'object',
  required: ['success', 'message'],
  properties: {
    success: { type: 'boolean' },
    message: { type: 'string' },
    dry_run: { type: 'boolean' },
    backup: { type: ['string', 'null'], description: 'Where what was there before is kept; null where nothing was.' },
    revision: { type: 'string', description: 'The ETag of what is there now.' },
    changes: { type: 'array', items: difference },
    effects
  }
} as const

const backup = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    at: { type: 'string', format: 'date-time' },
    author: { type: ['string', 'null'], description: 'Who had written it; null where that is not known.' }
  }
} as const

export const backupsSchema = { type: 'object', properties: { backups: { type: 'array', items: backup } } } as const
export const backedUpSchema = { type: 'object', properties: { success: { type: 'boolean' }, message: { type: 'string' }, backup: { type: ['string', 'null'] } } } as const
export const differencesSchema = { type: 'object', properties: { changes: { type: 'array', items: difference } } } as const

export const editQuery = {
  type: 'object',
  additionalProperties: false,
  properties: { dry_run: { enum: ['0', '1', 'false', 'true'], description: 'Only tell what would come of it.' } }
} as const

export const failures = { '4xx': { description: 'What is wrong with the request.', ...errorSchema }, '5xx': { description: 'What is wrong here.', ...errorSchema } } as const
export const tags = ['configuration'] as const
