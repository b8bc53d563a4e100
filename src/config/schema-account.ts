import { keySettings } from '../account/key-schema.ts'
import { MAX_GLOB } from '../glob.ts'

const price = (description: string) => ({ type: 'number', minimum: 0, description }) as const

/** Keys that clients may send. */
export const keys = {
  type: 'array',
  description: 'Keys that clients may send, with a name for the log and for rules. More can be made while the service runs (docs/api.md).',
  items: {
    type: 'object',
    required: ['name', 'key'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', pattern: '^[\\w.@-]+$', description: 'How rules and the log name it.' },
      key: { type: 'string', minLength: 1, description: 'The key; best as a reference such as $ANNS_KEY.' },
      ...keySettings
    }
  }
} as const

export const auth = {
  type: 'object',
  description: 'Who may use the gateway.',
  additionalProperties: false,
  properties: {
    acceptAnthropicKeys: { type: 'boolean', default: false, description: 'Serves whoever sends anything that begins with sk-ant-, as clients of older proxies do. Such a key proves nothing: only for networks where everyone may use the gateway.' }
  }
} as const

export const limits = {
  type: 'object',
  description: 'What a key may use, unless it has limits of its own.',
  additionalProperties: false,
  properties: {
    requestsPerMinute: { type: 'integer', minimum: 1, default: 100, description: 'Requests for answers a minute. Counting tokens does not count.' },
    tokensPerMinute: { type: 'integer', minimum: 1, description: 'Tokens a minute, prompts and answers.' },
    concurrentStreams: { type: 'integer', minimum: 1, description: 'Requests that may run at once.' },
    budgetWarning: { type: 'number', minimum: 0, maximum: 1, default: 0.8, description: 'The part of a budget from which on answers carry a warning.' }
  }
} as const

export const usage = {
  type: 'object',
  description: 'The account of what was used.',
  additionalProperties: false,
  properties: {
    enabled: { type: 'boolean', default: true, description: 'Without it there are no ledger, no usage, no budgets and no keys but those of this file.' },
    path: { type: 'string', minLength: 1, default: 'data/switchyard.db', description: 'The SQLite file; a relative path begins at the folder of this file. DATABASE_URL of the environment takes its place.' },
    commitWait: { type: 'integer', minimum: 0, maximum: 10000, default: 250, description: 'How long the end of an answer may wait until it is in the account. Milliseconds.' },
    keepDays: { type: 'integer', minimum: 0, default: 90, description: 'How long single requests are kept; 0 for ever. Sums stay.' }
  }
} as const

export const prices = {
  type: 'array',
  description: 'What models cost, in US dollars per million tokens. The first that fits counts; behind them stand prices that are shipped.',
  items: {
    type: 'object',
    required: ['model', 'input', 'output'],
    additionalProperties: false,
    properties: {
      provider: { type: 'string', minLength: 1, maxLength: MAX_GLOB, description: 'A glob of providers. All without it.' },
      model: { type: 'string', minLength: 1, maxLength: MAX_GLOB, description: 'A glob of models.' },
      above: { type: 'integer', minimum: 1, description: 'Only for prompts of more tokens than this, cached ones included. Stands before the entry for all others.' },
      input: price('Of the prompt, what is not cached.'),
      output: price('Of the answer, reasoning included.'),
      cacheRead: price('Read from a cache. As input without it.'),
      cacheWrite: price('Written to a cache. As input without it.'),
      cacheWrite1h: price('Written to a cache for an hour. As cacheWrite without it.'),
      request: price('US dollars for each request, beside its tokens.')
    }
  }
} as const
