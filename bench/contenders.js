import { get } from 'node:http'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { rssOf, startNode, stop } from './process.js'

const here = import.meta.dirname
const START_LIMIT = 20_000
/** After this a process that has just started has nothing left to do. */
const CALM = 500

/**
 * Who is compared. `wire` is what it is spoken to in; `launch` gives its program and how to run it, and is missing
 * where there is no program but the upstream.
 */
export const CONTENDERS = {
  direct: { title: 'direct', wire: 'chat', path: '/v1/chat/completions' },
  relay: {
    title: 'relay',
    wire: 'chat',
    path: '/v1/chat/completions',
    launch: async (port, upstream) => ({ file: join(here, 'relay.js'), env: { PORT: String(port), UPSTREAM: upstream } })
  },
  switchyard: {
    title: 'Switchyard',
    wire: 'messages',
    path: '/v1/messages?beta=true',
    launch: (port, upstream, folder) => launchSwitchyard(port, upstream, folder, 'plain', { Usage: { enabled: false } })
  },
  chat: {
    title: 'Switchyard, OpenAI client',
    wire: 'chat',
    path: '/v1/chat/completions',
    launch: (port, upstream, folder) => launchSwitchyard(port, upstream, folder, 'chat', { Usage: { enabled: false } })
  },
  account: {
    title: 'Switchyard, account',
    wire: 'messages',
    path: '/v1/messages?beta=true',
    launch: (port, upstream, folder) => launchSwitchyard(port, upstream, folder, 'account', {
      Keys: [{ name: 'bench', key: 'client-key', requestsPerMinute: 1e9, tokensPerMinute: 1e12, concurrentStreams: 1e6, budgets: [{ per: 'day', usd: 1e6, tokens: 1e15 }] }],
      Prices: [{ model: 'bench-model', input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }]
    })
  }
}

/** Switchyard as built, in a folder of its own, where it keeps its account too. */
async function launchSwitchyard (port, upstream, parent, name, settings) {
  const folder = join(parent, name)
  await mkdir(folder, { recursive: true })
  const config = join(folder, 'config.json')
  await writeFile(config, JSON.stringify({
    HOST: '127.0.0.1',
    PORT: port,
    LOG_LEVEL: 'warn',
    Providers: [{ name: 'bench', api_base_url: `${upstream}/v1/chat/completions`, api_key: 'upstream-key', models: ['bench-model'], transformer: { use: ['openai'] } }],
    Router: { default: 'bench,bench-model' },
    ...settings
  }))
  return { file: join(here, '../dist/src/server.js'), env: { CONFIG_PATH: config } }
}

/** A folder for configurations, gone with the bench; also where gateways run, so that they find no other one. */
export async function createFolder () {
  const path = await mkdtemp(join(tmpdir(), 'switchyard-bench-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/**
 * Starts a contender and waits for its first 200.
 * @param {keyof typeof CONTENDERS} name
 * @param {{ upstream: string, folder: string, cpu?: string }} place
 */
export async function startContender (name, { upstream, folder, cpu }) {
  const { launch, path } = CONTENDERS[name]
  if (launch === undefined) return { url: upstream + path, pid: undefined, stop: async () => {} }
  const port = await freePort()
  const { file, env } = await launch(port, upstream, folder)
  const begin = performance.now()
  const child = startNode(file, { env, cwd: folder, cpu })
  while (await status(`http://127.0.0.1:${port}/health`) !== 200) {
    if (child.exitCode !== null) throw new Error(`${name} ended at its start`)
    if (performance.now() - begin > START_LIMIT) throw new Error(`${name} did not come up`)
    await sleep(2)
  }
  const startMs = performance.now() - begin
  await sleep(CALM)
  return { url: `http://127.0.0.1:${port}${path}`, pid: child.pid, startMs, idleRss: rssOf(child.pid), stop: () => stop(child) }
}

/** A port that nobody had a moment ago: a gateway that logs nothing cannot tell which one it chose itself. */
function freePort () {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** The status of a GET, 0 while nobody listens. */
function status (url) {
  return new Promise(resolve => {
    const request = get(url, { agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', () => resolve(0))
  })
}
