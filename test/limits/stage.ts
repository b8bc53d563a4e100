import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { pino } from 'pino'
import type { Test } from 'tap'
import errors from '../../plugins/errors.ts'
import limiter from '../../plugins/limiter.ts'
import logging from '../../plugins/logging.ts'
import rateLimit from '../../plugins/rate-limit.ts'
import redis from '../../plugins/redis.ts'
import type { Identity, KeyLimits } from '../../src/account/identity.ts'
import { createIdentity } from '../../src/account/key-settings.ts'
import { LiveConfig } from '../../src/config/live.ts'
import type { Config, DefaultLimits } from '../../src/config/snapshot.ts'
import { newRequestId } from '../../src/message/ids.ts'

type Teardown = Pick<Test, 'teardown'>

/** A key with limits of its own. */
export function key (id: string, limits: KeyLimits = {}): Identity {
  return { ...createIdentity(id, id), limits }
}

export interface Replica {
  readonly app: FastifyInstance
  readonly url: string
  readonly log: { level: number, msg: string }[]
  /** Asks under a key: the status. */
  ask (name: string, path?: string): Promise<number>
  /** The same, so many times at once: how many were let in. */
  admitted (name: string, times: number): Promise<number>
}

export interface ReplicaOptions {
  readonly limits?: Partial<DefaultLimits>
  readonly keys?: readonly Identity[]
  readonly redis?: string
}

/** Whatever stands before the limits in the service, and a route of each sort behind them; `x-api-key` is the name of the key. */
export async function replica (t: Teardown, { limits = {}, keys = [], redis: url }: ReplicaOptions = {}): Promise<Replica> {
  const log: Replica['log'] = []
  const lines = new Writable({
    write (line: Buffer, _encoding, done) {
      log.push(JSON.parse(line.toString()) as Replica['log'][0])
      done()
    }
  })
  const app: FastifyInstance = Fastify({ loggerInstance: pino({ level: 'info' }, lines), genReqId: newRequestId }) as unknown as FastifyInstance
  const current = { limits: { requestsPerMinute: 100, budgetWarning: 0.8, ...limits } } as Config
  const known = new Map(keys.map(identity => [identity.name, identity]))
  app.register(fp(async app => { app.decorate('env', url === undefined ? {} : { REDIS_URL: url }) }, { name: 'env' }))
  app.register(fp(async app => { app.decorate('config', new LiveConfig(current, () => {})) }, { name: 'config' }))
  app.register(errors)
  app.register(logging)
  app.register(fp(async app => {
    app.decorateRequest('identity', null as unknown as Identity)
    app.addHook('onRequest', async request => {
      const name = String(request.headers['x-api-key'] ?? '')
      request.identity = known.get(name) ?? key(name)
    })
  }, { name: 'auth' }))
  app.register(redis)
  app.register(limiter)
  app.register(rateLimit)
  app.register(async app => {
    for (const path of ['/v1/messages', '/v1/chat/completions']) app.post(path, { config: { rateLimit: {} } }, async () => ({}))
    app.post('/v1/messages/count_tokens', async () => ({}))
  })
  t.teardown(() => app.close())
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const ask = async (name: string, path = '/v1/messages'): Promise<number> => {
    const reply = await post(address + path, name)
    await reply.text()
    return reply.status
  }
  return { app, url: address, log, ask, admitted: async (name, times) => (await Promise.all(Array.from({ length: times }, () => ask(name)))).filter(status => status === 200).length }
}

export function post (url: string, name: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...(name !== '' && { 'x-api-key': name }) }, body: '{}' })
}

export interface OwnRedis {
  readonly url: string
  readonly pid: number
  stop (): Promise<void>
}

export async function sparePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A Redis of the test's own, which may be killed; undefined where there is none to start, and none is required. */
export async function ownRedis (t: Teardown, port: number, more: readonly string[] = []): Promise<OwnRedis | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-redis-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const server = spawn('redis-server', ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder, ...more], { stdio: 'ignore' })
  try {
    await once(server, 'spawn')
  } catch (error) {
    if (process.env['CI_SERVICES'] === 'required') throw error
    return undefined
  }
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }
  t.teardown(stop)
  while (!await listens(port)) await sleep(20)
  return { url: `redis://127.0.0.1:${port}`, pid: server.pid as number, stop }
}

/** Why a test with a Redis is skipped. */
export const NO_REDIS = 'there is no redis-server to start'

async function listens (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
