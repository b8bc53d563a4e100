import type { FromSchema } from 'json-schema-to-ts'
import { conditionSchema } from '../routing/condition-schema.ts'
import { auth, keys, limits, prices, usage } from './schema-account.ts'
import { providerSchema } from './schema-provider.ts'
import { failover, fallbacks, routerSchema } from './schema-router.ts'

/** Settings of claude-code-router's first version, and of its README's example of references. */
export const OLD_KEYS = /^[A-Z0-9_]+_API_KEY$|^OPENAI_(?:BASE_URL|MODEL)$/

const digits = { type: 'string', pattern: '^[0-9]+$' } as const

const stream = {
  type: 'object',
  description: 'How long silences are carried. Milliseconds.',
  additionalProperties: false,
  properties: {
    pingAfter: { type: 'integer', minimum: 10, default: 15000, description: 'A ping after so long without an event.' },
    contentAfter: { type: 'integer', minimum: 10, default: 120000, description: 'An empty delta after so long without content, which Claude Code needs to keep waiting.' },
    shutdownGrace: { type: 'integer', minimum: 0, default: 30000, description: 'How long running requests may go on when the service is stopped.' }
  }
} as const

const media = {
  type: 'object',
  description: 'Files that requests name by URL, where the provider takes none by URL: the gateway loads them.',
  additionalProperties: false,
  properties: {
    maxBytes: { type: 'integer', minimum: 1, default: 20971520, description: 'The most that is loaded for one request.' },
    timeout: { type: 'integer', minimum: 1, default: 15000, description: 'How long loading may take. Milliseconds.' },
    allowHosts: { type: 'array', items: { type: 'string' }, description: 'Hosts that may have private addresses; others may not.' }
  }
} as const

const logFiles = {
  type: 'object',
  description: 'Files of the log, with LOG: true. The next one is begun every day, and when one is full.',
  additionalProperties: false,
  properties: {
    path: { type: 'string', minLength: 1, default: 'logs', description: 'Their folder; a relative path begins at the folder of this file.' },
    maxBytes: { type: 'integer', minimum: 1024, default: 20971520, description: 'How large a file may become.' },
    keep: { type: 'integer', minimum: 1, default: 14, description: 'How many are kept; the oldest go.' }
  }
} as const

const transformer = {
  type: 'object',
  required: ['path'],
  additionalProperties: false,
  properties: {
    path: { type: 'string', minLength: 1, description: 'A JavaScript file; a relative path begins at the folder of this file, and ~ is the home folder.' },
    options: { type: 'object', description: 'Handed to the function that the file exports.' },
    name: { type: 'string', description: 'Accepted for old files.' },
    type: { type: 'string', description: 'Accepted for old files.' }
  }
} as const

/**
 * The configuration document: source of its types, its validation, `config.schema.json` and the table in
 * docs/configuration.md. Keys and forms are those of claude-code-router's v2 line, so that its files load unchanged.
 */
export const configSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Switchyard configuration',
  // Read by the validator only: the type of a condition is written by hand, as it is recursive.
  definitions: { condition: conditionSchema as unknown as { readonly type: 'object' } },
  type: 'object',
  required: ['Providers', 'Router'],
  additionalProperties: false,
  patternProperties: { [OLD_KEYS.source]: { type: 'string', description: 'Accepted for old files.' } },
  properties: {
    $schema: { type: 'string', description: 'For editors.' },
    HOST: { type: 'string', default: '127.0.0.1', description: 'Address to listen on. Any other than loopback needs a key.' },
    PORT: { anyOf: [{ type: 'integer', minimum: 0, maximum: 65535 }, digits], default: 3456, description: 'Port to listen on.' },
    APIKEY: { type: 'string', minLength: 1, description: 'The key that clients must send.' },
    API_TIMEOUT_MS: { anyOf: [{ type: 'integer', minimum: 1 }, digits], default: 600000, description: 'How long a provider may take to answer, and to be silent in mid-reply. Milliseconds.' },
    PROXY_URL: { type: 'string', description: 'An HTTP proxy on the way to providers; NO_PROXY of the environment is honoured.' },
    HTTPS_PROXY: { type: 'string', description: 'The same as PROXY_URL.' },
    https_proxy: { type: 'string', description: 'The same as PROXY_URL.' },
    httpsProxy: { type: 'string', description: 'The same as PROXY_URL.' },
    LOG: { type: 'boolean', description: 'true: the log is written to files as well; false: there is none. Without it: standard output alone.' },
    LOG_LEVEL: { enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], default: 'info', description: 'The least severe level that is logged.' },
    LogFiles: logFiles,
    Providers: { type: 'array', minItems: 1, items: providerSchema, description: 'Servers that answer requests.' },
    Router: {
      ...routerSchema,
      description: 'Which target serves which kind of request; docs/routing.md has the rules in their order.',
      required: ['default'],
      properties: {
        ...routerSchema.properties,
        profiles: { type: 'object', additionalProperties: routerSchema, description: 'Other settings by name, which stand above these: chosen by the header x-router-profile, or by the key.' }
      }
    },
    fallback: fallbacks,
    Failover: failover,
    Keys: keys,
    Auth: auth,
    Limits: limits,
    Usage: usage,
    Prices: prices,
    Stream: stream,
    Media: media,
    transformers: { type: 'array', items: transformer, description: 'Transformers of your own, in files (docs/add-a-provider.md).' },
    CUSTOM_ROUTER_PATH: { type: 'string', description: 'A JavaScript file whose function picks the target (docs/routing.md).' },
    CUSTOM_ROUTER_TIMEOUT_MS: { type: 'integer', minimum: 1, default: 3000, description: 'How long that function may take. Milliseconds.' },
    REWRITE_SYSTEM_PROMPT: { type: 'string', description: 'A text file that takes the place of the system prompt up to <env>.' },
    StatusLine: { type: 'object' },
    CLAUDE_PATH: { type: 'string' },
    NON_INTERACTIVE_MODE: { type: 'boolean' },
    forceUseImageAgent: { type: 'boolean' },
    plugins: { type: 'array' }
  }
} as const

/** A configuration document, references to variables already replaced. */
export type ConfigDocument = FromSchema<typeof configSchema>
export type ProviderEntry = ConfigDocument['Providers'][number]
