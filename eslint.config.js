import neostandard from 'neostandard'

const code = ['src/**/*.ts', 'plugins/**/*.ts', 'providers/**/*.ts']

/** A path that leads into one of these folders of src, or to the plugins or providers. */
const into = (...folders) => `(^|/)(${folders.join('|')})/`
const frameworks = '^(fastify|@fastify/|undici)'

/**
 * Who may import whom (docs/architecture.md has the table and the reasons): per folder, patterns of what it must not
 * reach.
 */
const borders = {
  'src/wire': [['^[^.]|^\\.\\./'], 'src/wire holds types of the wires and imports nothing'],
  'src/message': [[into('ingress', 'upstream', 'config', 'http', 'routes', 'routing', 'sse', 'plugins', 'providers'), frameworks], 'src/message knows src/wire and src/errors'],
  'src/sse': [[into('message', 'ingress', 'upstream', 'config', 'http', 'routes', 'routing', 'plugins', 'providers'), frameworks], 'src/sse knows src/wire'],
  'src/routing': [[into('ingress', 'upstream', 'config', 'http', 'routes', 'sse', 'plugins', 'providers'), frameworks], 'src/routing is pure: it knows src/wire, src/message and targets'],
  'src/ingress': [[into('upstream', 'config', 'http', 'routes', 'routing', 'sse', 'plugins', 'providers'), frameworks], 'src/ingress knows src/wire and src/message'],
  'src/config': [[into('ingress', 'upstream', 'http', 'routes', 'sse', 'plugins', 'providers'), frameworks], 'src/config reads and checks a document; it knows no server'],
  'src/upstream': [[into('ingress', 'http', 'routes', 'plugins', 'providers'), '^(fastify|@fastify/)'], 'src/upstream talks to providers; the client side is src/http'],
  'src/account': [[into('ingress', 'upstream', 'http', 'routes', 'routing', 'sse', 'config', 'store', 'ledger', 'limits', 'budget', 'plugins', 'providers'), frameworks], 'src/account says what keys, prices and entries are; it knows no store and no server'],
  'src/store': [[into('ingress', 'upstream', 'http', 'routes', 'routing', 'sse', 'ledger', 'limits', 'budget', 'plugins', 'providers'), frameworks], 'src/store knows src/account and its database'],
  'src/ledger': [[into('ingress', 'upstream', 'http', 'routes', 'routing', 'sse', 'limits', 'budget', 'plugins', 'providers'), frameworks], 'src/ledger knows src/account and src/store'],
  'src/usage': [[into('ingress', 'upstream', 'http', 'routes', 'routing', 'sse', 'ledger', 'limits', 'budget', 'plugins', 'providers'), frameworks], 'src/usage reads what src/ledger wrote'],
  'src/limits': [[into('ingress', 'upstream', 'http', 'routes', 'routing', 'sse', 'plugins', 'providers'), frameworks], 'src/limits counts; it knows no server'],
  'src/budget': [[into('ingress', 'upstream', 'http', 'routes', 'routing', 'sse', 'limits', 'plugins', 'providers'), frameworks], 'src/budget knows src/account and src/store'],
  'src/log': [[into('ingress', 'upstream', 'http', 'routes', 'routing', 'sse', 'account', 'store', 'ledger', 'limits', 'budget', 'plugins', 'providers'), frameworks], 'src/log writes lines; it knows nothing of what they say'],
  'src/cli': [[into('routes', 'upstream', 'store', 'ledger'), '(^|/)app\\.ts$'], 'src/cli looks at a configuration, and asks a service that runs; it is none'],
  'src/http': [[into('upstream', 'routes', 'plugins', 'providers'), '^undici'], 'src/http talks to clients; the provider side is src/upstream'],
  'src/routes': [[into('plugins', 'providers'), '^undici'], 'routes reach plugins through decorators'],
  plugins: [[into('providers', 'routes')], 'a plugin never imports a provider or a route'],
  providers: [[into('plugins', 'routes', 'upstream', 'http', 'config', 'routing', 'ingress', 'sse')], 'providers know src/{provider,wire,message,errors}']
}

/** Providers share the OpenAI-compatible code and nothing else of one another. */
const siblings = {
  'providers/*.ts': '^\\./(?!openai-compatible/)',
  'providers/*/**/*.ts': '^\\.\\./(?!\\.\\./src/|openai-compatible/)'
}
const noSiblings = 'a provider never imports another; what they share is openai-compatible'

const restrict = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: patterns.flatMap(([regexes, message]) => regexes.map(regex => ({ regex, message }))) }] }
})

export default [
  ...neostandard({ ts: true, ignores: ['dist/**', '.tap/**', '**/node_modules/**', 'bench/results/**'] }),
  {
    files: code,
    rules: {
      'max-lines': ['error', { max: 200, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 20]
    }
  },
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { prefer: 'type-imports' }]
    }
  },
  {
    files: code,
    languageOptions: { parserOptions: { projectService: true } },
    rules: { '@typescript-eslint/no-floating-promises': 'error' }
  },
  ...Object.entries(borders).map(([folder, border]) => restrict([`${folder}/**/*.ts`], [border])),
  ...Object.entries(siblings).map(([files, regex]) => restrict([files], [borders.providers, [[regex], noSiblings]])),
  restrict(['src/errors.ts', 'src/glob.ts', 'src/provider.ts', 'src/target.ts', 'src/provider-error.ts', 'src/transformer-kit.ts'], [[[into('ingress', 'upstream', 'config', 'http', 'routes', 'routing', 'sse', 'plugins', 'providers')], 'a foundation of the house imports only src/wire and src/message']])
]
