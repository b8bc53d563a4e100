const count = (description: string) => ({ type: 'integer', description }) as const
const share = (description: string) => ({ type: ['number', 'null'], description }) as const

/** JSON Schema of a summary: what was used, in one line. */
export const summaryProperties = {
  requests: count('Requests of clients.'),
  errors: count('Of these, those that ended in an error.'),
  attempts: count('Tries of targets: a request that failed over has several.'),
  estimated: count('Tries whose tokens are estimated.'),
  tokens: {
    type: 'object',
    description: 'None includes another, but reasoning, which is part of the output, and the total.',
    properties: { input: count('Not cached.'), cacheRead: count(''), cacheWrite5m: count(''), cacheWrite1h: count(''), output: count(''), reasoning: count(''), total: count('') }
  },
  cacheHitRate: share('The part of all prompts that was read from a cache, from 0 to 1.'),
  cost: { type: 'object', properties: { usd: { type: 'number', description: 'US dollars, of the tries that have a price.' }, unpriced: count('Tries without a price.') } },
  averages: { type: 'object', properties: { firstContentMs: share('Milliseconds to the first content.'), durationMs: share('Milliseconds of a try.') } }
} as const

const names = { provider: { type: 'string' }, model: { type: 'string' }, key: { type: 'string' }, team: { type: ['string', 'null'] }, scenario: { type: 'string' } } as const
const groups = { type: 'array', items: { type: 'object', properties: { ...names, ...summaryProperties } } } as const
const time = { type: ['string', 'null'] } as const

export const totalsSchema = {
  type: 'object',
  properties: {
    from: time,
    to: time,
    totals: { type: 'object', properties: summaryProperties },
    totalInputTokens: count('tokens.input of the totals.'),
    totalOutputTokens: count('tokens.output of the totals.'),
    totalRequests: count('requests of the totals.'),
    groups,
    buckets: { type: 'array', items: { type: 'object', properties: { at: { type: 'string' }, ...summaryProperties, groups } } }
  }
} as const

const perName = (description: string) => ({ type: 'object', description, additionalProperties: { type: 'object', additionalProperties: true } }) as const

export const sessionSchema = {
  type: 'object',
  properties: {
    sessionId: { type: 'string' },
    providers: perName('By provider: inputTokens, outputTokens, requests.'),
    totalInputTokens: count(''),
    totalOutputTokens: count(''),
    totalRequests: count(''),
    keys: { type: 'array', items: { type: 'string' }, description: 'Names of the keys that it was seen with.' },
    agents: perName('By agent; `main` is the main loop.'),
    firstAt: { type: 'string' },
    lastAt: { type: 'string' },
    ...summaryProperties
  }
} as const

export const next = { type: ['string', 'null'], description: 'The cursor of the next page; null on the last.' } as const

const errorSchema = { description: 'An error in Anthropic\'s form.', type: 'object', additionalProperties: true } as const

/** What a route answers. */
export function replies (schema: object): object {
  return { 200: schema, '4xx': errorSchema, '5xx': errorSchema }
}
