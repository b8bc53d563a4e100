import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import { buildApp } from '../../src/app.ts'

export interface TestApp {
  app: FastifyInstance
  url: string
  /** Lines of the log so far, parsed. */
  log: Record<string, unknown>[]
  /** The file of the configuration; nothing is there where none was given. */
  path: string
}

export interface TestOptions {
  /** The configuration document, written to a file. */
  config?: object
  env?: NodeJS.ProcessEnv
}

/** The whole service on a real socket, closed with the test. */
export async function startApp (t: Pick<Test, 'teardown'>, { config, env = {} }: TestOptions = {}): Promise<TestApp> {
  const { app, log, path } = await readyApp(t, { ...(config !== undefined && { config }), env })
  return { app, log, path, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

/** The same, not listening: for `app.inject`. */
export async function readyApp (t: Pick<Test, 'teardown'>, { config, env = {} }: TestOptions = {}): Promise<Omit<TestApp, 'url'>> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'config.json')
  if (config !== undefined) await writeFile(path, JSON.stringify(config))
  const log: Record<string, unknown>[] = []
  const lines = new Writable({
    write (line: Buffer, _encoding, done) {
      log.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    }
  })
  const app = buildApp({ env: { DATABASE_URL: `sqlite:${join(folder, 'account.db')}`, ...(config !== undefined && { CONFIG_PATH: path }), ...env }, logger: pino({ level: 'info' }, lines) })
  t.teardown(() => app.close())
  await app.ready()
  return { app, log, path }
}

/** For tests that look at what one try comes to; what follows a failure is in test/failover. */
export const ONE_TRY = { Failover: { tries: 1 } }

/** A configuration with one provider that speaks the chat-completions wire. */
export function oneProvider (upstreamUrl: string, pair: 'openai' | 'openrouter' = 'openai', rest: object = {}): object {
  return {
    Providers: [{ name: 'scripted', api_base_url: `${upstreamUrl}/v1/chat/completions`, api_key: 'upstream-secret', models: ['test-model'], transformer: { use: [pair] } }],
    Router: { default: 'scripted,test-model' },
    ...ONE_TRY,
    ...rest
  }
}
