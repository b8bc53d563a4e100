import type { FromSchema } from 'json-schema-to-ts'

const digits = { type: 'string', pattern: '^[0-9]+$' } as const
const useList = {
  type: 'array',
  description: 'Names, or [name, options]: at most one transformer pair, and adapters in their order.',
  items: {
    anyOf: [
      { type: 'string' },
      { type: 'array', minItems: 1, maxItems: 2, items: { type: ['string', 'object'] } }
    ]
  }
} as const
const target = { type: 'string', pattern: '^[^,]+,.+$', description: 'provider,model' } as const
const targets = { type: 'array', items: target } as const

const provider = {
  type: 'object',
  description: 'A server that answers requests.',
  required: ['name', 'api_base_url', 'models'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[^,\\s]+$', description: 'How rules and requests name it.' },
    api_base_url: { type: 'string', pattern: '^https?://', description: 'The full URL of its endpoint.' },
    api_key: { type: 'string', description: 'Its key; best as a reference such as $OPENROUTER_API_KEY.' },
    models: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 }, description: 'The models that may be asked for, as the provider names them.' },
    transformer: {
      type: 'object',
      description: 'The transformer pair, by default the one of its name or its URL, else openai; and adapters. Under the name of a model: those of that model alone.',
      properties: { use: useList },
      additionalProperties: { type: 'object', properties: { use: useList }, required: ['use'], additionalProperties: false }
    },
    strict: { type: 'boolean', default: false, description: 'Refuse a request (400) rather than drop a field of it that the provider cannot take.' },
    tokenizer: { type: 'object', description: 'Accepted for old files.' }
  }
} as const

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
  type: 'object',
  required: ['Providers', 'Router'],
  additionalProperties: false,
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
    LOG: { type: 'boolean', default: true, description: 'Whether to log at all.' },
    LOG_LEVEL: { enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], default: 'info', description: 'The least severe level that is logged.' },
    Providers: { type: 'array', minItems: 1, items: provider, description: 'Servers that answer requests.' },
    Router: {
      type: 'object',
      description: 'Which target serves which kind of request.',
      required: ['default'],
      additionalProperties: false,
      properties: {
        default: { ...target, description: 'The target of every request that names none: provider,model.' },
        background: target,
        think: target,
        longContext: target,
        longContextThreshold: { type: 'integer', minimum: 1 },
        webSearch: target,
        image: target,
        toolUse: { type: 'string', description: 'Accepted for old files.' }
      }
    },
    fallback: { type: 'object', additionalProperties: targets },
    Stream: stream,
    Media: media,
    transformers: { type: 'array', items: transformer, description: 'Transformers of your own, in files (docs/add-a-provider.md).' },
    CUSTOM_ROUTER_PATH: { type: 'string' },
    REWRITE_SYSTEM_PROMPT: { type: 'string' },
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
