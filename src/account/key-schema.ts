import { MAX_GLOB } from '../glob.ts'
import { PERIODS } from './period.ts'
import { ROLES } from './identity.ts'

const globs = (description: string) => ({ type: 'array', minItems: 1, items: { type: 'string', minLength: 1, maxLength: MAX_GLOB }, description }) as const
const count = (description: string) => ({ type: 'integer', minimum: 1, description }) as const

export const budgetSchema = {
  type: 'object',
  required: ['per'],
  anyOf: [{ required: ['usd'] }, { required: ['tokens'] }],
  additionalProperties: false,
  properties: {
    per: { enum: PERIODS, description: 'Periods begin at midnight UTC, weeks on Monday.' },
    usd: { type: 'number', exclusiveMinimum: 0, description: 'US dollars.' },
    tokens: { type: 'integer', minimum: 1, description: 'Tokens of every kind: prompts, cached or not, and answers.' }
  }
} as const

/** What can be said of a key, be it in the configuration or in the store: source of both schemas. */
export const keySettings = {
  role: { enum: ROLES, description: '`inference` asks models, `viewer` sees everyone\'s usage, `admin` does everything.' },
  owner: { type: 'string', minLength: 1, description: 'Whose it is, for people.' },
  team: { type: 'string', minLength: 1, description: 'Usage can be grouped by it.' },
  models: globs('The models that it may use: globs of names, or of "provider,model". All without it.'),
  providers: globs('The providers that it may use: globs of names. All without it.'),
  requestsPerMinute: count('Requests for answers a minute.'),
  tokensPerMinute: count('Tokens a minute, prompts and answers.'),
  concurrentStreams: count('Requests that may run at once.'),
  budgets: { type: 'array', items: budgetSchema, description: 'What it may spend in a period.' },
  profile: { type: 'string', description: 'The profile of Router.profiles that its requests go by.' }
} as const
