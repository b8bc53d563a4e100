import { randomBytes } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import { ConfigError } from '../src/config/config-error.ts'
import { DOCUMENT_VARIABLE, givenDocument } from '../src/config/environment-settings.ts'
import { LiveConfig } from '../src/config/live.ts'
import { DEFAULT_PATH, checkOneSource, documentOfText, loadDocument, unwrittenDocument } from '../src/config/load.ts'
import { FilePlace } from '../src/config/place/file-place.ts'
import type { ConfigPlace } from '../src/config/place/place.ts'
import type { Config } from '../src/config/snapshot.ts'
import { writtenFromEnvironment } from '../src/config/written-document.ts'
import { ReasoningMemory } from '../src/message/reasoning-memory.ts'
import type { JsonObject } from '../src/wire/json.ts'

/** Where the configuration comes from, for whoever changes it. */
export interface ConfigSource {
  readonly place: ConfigPlace
  /** What the service started with. */
  readonly revision: string
  readonly document: JsonObject
  /** Why nothing can be changed here; undefined where it can. */
  readonly fixed: string | undefined
  /** Makes a snapshot of a document. @throws {ConfigError} that names every problem by its path */
  load (document: JsonObject): Promise<Config>
  /** The document where nothing is written yet. */
  unwritten (): JsonObject
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The configuration in force: read it once per request. */
    config: LiveConfig
    configSource: ConfigSource
  }
}

const SECRET_BYTES = 32

/**
 * @param isGood whether the text of a file can be used: the database must not begin with one that cannot
 * @throws {ConfigError} where the environment asks for a place that there is not
 */
async function openPlace ({ env, log }: FastifyInstance, path: string, isGood: (text: string) => Promise<boolean>): Promise<ConfigPlace> {
  const file = new FilePlace({ path, etagSecret: env.KEY_HASH_SECRET ?? randomBytes(SECRET_BYTES) })
  if (env.CONFIG_STORE !== 'postgres') return file
  const { DATABASE_URL: url = '' } = env
  if (!/^postgres(?:ql)?:/.test(url)) throw new ConfigError('the environment', ['CONFIG_STORE: is postgres, so DATABASE_URL must begin with postgres://'])
  // Loaded only where it is used: the driver takes memory and time.
  const { PostgresPlace } = await import('../src/store/config-place.ts')
  const { text } = await file.read()
  await file.close()
  return await PostgresPlace.open({ url, import: text !== null && await isGood(text) ? text : null, author: path, log: log as Logger })
}

/** Loads the configuration; a bad one keeps the service from starting. */
async function config (app: FastifyInstance): Promise<void> {
  const { env, processEnv, transformers: builtIn } = app
  const path = env.CONFIG_PATH ?? DEFAULT_PATH
  const loading = { env, processEnv, builtIn, memory: new ReasoningMemory() }
  checkOneSource(env, processEnv)
  const whole = givenDocument(processEnv) !== undefined
  let bad: unknown = null
  const place = await openPlace(app, path, async text => {
    if (whole) return false
    try {
      await loadDocument(documentOfText(text, path, path), loading)
      return true
    } catch (error) {
      bad = error
      return false
    }
  })
  app.addHook('onClose', () => place.close())
  const { text, revision } = await place.read()
  // Nothing is in the database yet, and the file cannot begin it.
  if (text === null && bad !== null) throw bad
  if (text === null && env.CONFIG_PATH !== undefined && place.kind === 'file') throw new ConfigError(path, ['there is no such file'])
  const written = whole || text === null ? unwrittenDocument(env, processEnv) : documentOfText(text, place.source, path)
  const live = new LiveConfig(await loadDocument(written, loading), error => app.log.error({ err: error }, 'a part of the service did not take the changed configuration in'))
  app.decorate('config', live)
  app.decorate('configSource', {
    place,
    revision,
    document: written.document,
    fixed: whole ? `${DOCUMENT_VARIABLE} is set, and is all of the configuration: change it there, and start anew` : undefined,
    load: document => loadDocument({ document, source: place.source, folder: dirname(resolve(path)) }, { ...loading, before: live.current }),
    unwritten: () => writtenFromEnvironment(env, processEnv)
  })
  const log = ({ logLevel, unused }: Config): void => {
    app.log.level = logLevel
    if (unused.length > 0) app.log.warn({ keys: unused }, 'these keys of the configuration are accepted and do nothing')
  }
  log(live.current)
  live.onChange(log)
}

export default fp(config, { name: 'config', fastify: '5.x', dependencies: ['env', 'transformers'] })
