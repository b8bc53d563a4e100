import { THINK_SIGNS } from '../routing/think-sign.ts'
import { target, targets } from './schema-target.ts'

/** The rules that can have a fallback; those of the user's own have theirs beside them. */
export const FALLBACK_KEYS = ['explicit', 'custom', 'subagent', 'image', 'webSearch', 'longContext', 'background', 'think', 'opus', 'sonnet', 'haiku', 'default'] as const

/** The form is that of `when` in src/routing/condition-schema.ts; its type is written there by hand, as it is recursive. */
const when = { $ref: '#/definitions/condition', description: 'What must hold of a request: docs/routing.md.' } as unknown as { readonly type: 'object' }

const rule = {
  type: 'object',
  required: ['name', 'when', 'use'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[\\w.-]+$', description: 'Told in x-router-rule, as rules.<name>.' },
    when,
    use: {
      type: ['string', 'array'],
      pattern: '^[^,]+,.+$',
      minItems: 1,
      items: {
        type: 'object',
        required: ['to'],
        additionalProperties: false,
        properties: { to: target, weight: { type: 'number', minimum: 0, default: 1, description: 'Its share.' } }
      },
      description: 'The target, or several with weights: a session stays with one.'
    },
    fallback: { ...targets, description: 'Targets for when that one fails, in place of those of fallback.default; an empty list is none.' }
  }
} as const

/** `Router`, and each of its profiles. */
export const routerSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    default: { ...target, description: 'The target of every request that no other rule serves: provider,model.' },
    background: { ...target, description: 'Haiku, and small jobs beside the conversation.' },
    think: { ...target, description: 'Requests to think hard.' },
    thinkOn: { type: 'array', items: { enum: THINK_SIGNS }, description: 'More signs of that, beside thinking enabled, effort xhigh and max, and ultrathink.' },
    longContext: { ...target, description: 'Long prompts, and those that do not fit the model that another rule chose.' },
    longContextThreshold: { type: ['integer', 'string'], minimum: 1, pattern: '^[0-9]+$', default: 60000, description: 'How many tokens are long.' },
    webSearch: { ...target, description: 'Requests with a tool that searches the web.' },
    image: { ...target, description: 'Requests with an image in the last turn.' },
    opus: { ...target, description: 'Models whose name holds opus.' },
    sonnet: { ...target, description: 'Models whose name holds sonnet.' },
    haiku: { ...target, description: 'Models whose name holds haiku; after background.' },
    rules: { type: 'array', items: rule, description: 'Rules of your own; the first whose condition holds.' },
    vendorModels: { type: 'string', minLength: 1, description: 'The provider of models that clients name as vendor/model, as OpenRouter\'s are named: they need not be in its list.' },
    strict: { type: 'boolean', default: false, description: 'Refuse models that are not known here (404), in place of serving them by the rules.' },
    toolUse: { type: 'string', description: 'Accepted for old files.' }
  }
} as const

/** `fallback` */
export const fallbacks = {
  type: 'object',
  additionalProperties: false,
  description: 'Targets for when those of a rule fail, by the name of the rule.',
  properties: Object.fromEntries(FALLBACK_KEYS.map(name => [name, targets])) as { readonly [name in typeof FALLBACK_KEYS[number]]: typeof targets }
} as const

/** `Failover` */
export const failover = {
  type: 'object',
  additionalProperties: false,
  description: 'How failures are met before the client has seen anything of an answer.',
  properties: {
    tries: { type: 'integer', minimum: 1, maximum: 5, default: 2, description: 'How often one target is tried. Clients repeat requests, too: Claude Code ten times.' },
    backoff: { type: 'integer', minimum: 0, default: 500, description: 'The pause before the same target is tried again, more or less. Milliseconds.' },
    maxWait: { type: 'integer', minimum: 0, default: 5000, description: 'A provider that asks for a longer pause is not waited for. Milliseconds.' },
    breakAfter: { type: 'integer', minimum: 1, default: 5, description: 'Failures in a row after which a target is left alone for a while.' },
    coolDown: { type: 'integer', minimum: 1, default: 10000, description: 'How long that is; it doubles with every failed try after it. Milliseconds.' },
    maxCoolDown: { type: 'integer', minimum: 1, default: 60000, description: 'The longest that it becomes. Milliseconds.' }
  }
} as const
