import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { oneProvider } from '../helper/app.ts'
import { type GatewayProcess, gatewayFolder, startGateway } from '../helper/gateway-process.ts'
import { until } from '../helper/until.ts'
import { answer, startUpstream } from '../helper/upstream.ts'

const run = promisify(execFile)
const KEY = 'sk-client-4711'
const UPSTREAM_KEY = 'upstream-secret'
const PROMPT = 'a word that no log may hold'

interface Line { level: number, msg: string, requestId?: string, [name: string]: unknown }

/** A gateway whose provider answers everything, in a folder of its own; `errors` are lines on standard error. */
async function start (t: Test, rest: object, env: Record<string, string> = {}): Promise<GatewayProcess & { folder: string, errors (): string[] }> {
  const upstream = await startUpstream(t, (response, request) => answer(response, request, 'an answer that no log may hold'))
  const folder = await gatewayFolder(t, oneProvider(upstream.url, 'openai', { APIKEY: KEY, ...rest }))
  const gateway = await startGateway(t, folder, env)
  return { ...gateway, folder, errors: () => gateway.output().split('\n').filter(line => line !== '' && !line.startsWith('{')) }
}

/** Asks a model; @returns the id of the request */
async function ask (url: string): Promise<string> {
  const reply = await fetch(`${url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': KEY },
    body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 10, tools: [{ name: 'look', input_schema: { type: 'object' } }], messages: [{ role: 'user', content: PROMPT }] })
  })
  await reply.text()
  if (reply.status !== 200) throw new Error(`${reply.status}`)
  return reply.headers.get('request-id') as string
}

async function patch (url: string, change: object): Promise<void> {
  const reply = await fetch(`${url}/api/config`, { method: 'PATCH', headers: { 'content-type': 'application/json', 'x-api-key': KEY }, body: JSON.stringify(change) })
  if (reply.status !== 200) throw new Error(await reply.text())
}

async function filesOf (folder: string): Promise<string[]> {
  const names = existsSync(folder) ? (await readdir(folder)).filter(name => name.endsWith('.log')) : []
  const numberOf = (name: string): number => Number(/\.(\d+)\.log$/.exec(name)?.[1])
  return names.sort((a, b) => numberOf(a) - numberOf(b)).map(name => join(folder, name))
}

/** All lines in the files of a folder; each must be whole. */
async function linesOf (folder: string): Promise<Line[]> {
  const texts = await Promise.all((await filesOf(folder)).map(path => readFile(path, 'utf8')))
  return parse(texts.join(''))
}

function parse (text: string): Line[] {
  return text.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line) as Line)
}

async function has (folder: string, id: string): Promise<boolean> {
  return (await linesOf(folder)).some(({ requestId }) => requestId === id)
}

t.test('with LOG: true lines go to files as well, which are begun anew when full, and so many are kept', async t => {
  const { url, folder, output, stop } = await start(t, { LOG: true, LOG_LEVEL: 'debug', LogFiles: { maxBytes: 2048, keep: 3 } })
  const logs = join(folder, 'logs')
  await until('there is a file', async () => (await filesOf(logs)).length > 0)
  t.match((await linesOf(logs))[0], { msg: /^Server listening/ }, 'what was logged before there was a file stands in it')
  for (let i = 0; i < 30; i++) await ask(url)
  await until('the oldest is gone', async () => !(await filesOf(logs)).some(path => path.endsWith('.1.log')))
  const last = await ask(url)
  await stop()
  const files = await filesOf(logs)
  t.equal(files.length, 3)
  for (const path of files) {
    t.match(path, /switchyard\.\d{4}-\d\d-\d\d\.\d+\.log$/)
    t.ok((await stat(path)).size < 2048 * 2, 'about as large as was allowed')
  }
  const lines = await linesOf(logs)
  const printed = parse(output())
  t.ok(lines.length < printed.length, 'old lines are gone')
  t.strictSame(lines, printed.slice(-lines.length), 'the last lines are there, as on standard output, in their order')
  t.ok(lines.some(({ requestId, msg }) => requestId === last && msg === 'request'))
})

t.test('no key, no prompt and no answer stands in a file, at any level', async t => {
  const { url, folder, stop } = await start(t, { LOG: true, LOG_LEVEL: 'trace' })
  const logs = join(folder, 'logs')
  const id = await ask(url)
  await stop()
  t.ok(await has(logs, id))
  const texts = (await Promise.all((await filesOf(logs)).map(path => readFile(path, 'utf8')))).join('')
  for (const secret of [KEY, UPSTREAM_KEY, 'no log may hold']) t.notMatch(texts, secret)
})

t.test('at debug it is said of a request what came, where it went, what came back and how it ended', async t => {
  const { url, output, stop } = await start(t, { LOG_LEVEL: 'debug' })
  const id = await ask(url)
  await stop()
  t.match(parse(output()).filter(({ requestId }) => requestId === id), [
    { level: 20, msg: 'received', route: '/v1/messages', model: 'claude-sonnet-4-5', stream: false, messages: 1, tools: 1, bytes: Number },
    { level: 20, msg: 'sent upstream', target: 'scripted,test-model', url: /^http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions$/, bytes: Number },
    { level: 20, msg: 'upstream answers', target: 'scripted,test-model', status: 200, contentType: 'application/json', afterMs: Number },
    { level: 20, msg: 'upstream has ended', bytes: Number, afterMs: Number },
    { level: 30, msg: 'request', status: 200, stopReason: 'end_turn' }
  ])
})

t.test('without LOG: true there are no files', async t => {
  const { url, folder, output, stop } = await start(t, { LogFiles: { keep: 2 } })
  const id = await ask(url)
  await stop()
  t.ok(output().includes(id))
  t.notOk(existsSync(join(folder, 'logs')))
  t.match(output(), /"keys":\["LogFiles"\]/, 'settings that do nothing are named')
})

t.test('LOG, LOG_LEVEL and the folder change while it runs', async t => {
  const { url, folder, output } = await start(t, {})
  const [logs, others] = [join(folder, 'logs'), join(folder, 'others')]
  const early = await ask(url)
  await patch(url, { LOG: true })
  const first = await ask(url)
  await until('the file has it', () => has(logs, first))
  t.notOk(await has(logs, early))
  t.notOk((await linesOf(logs)).some(({ level }) => level < 30))

  await patch(url, { LOG_LEVEL: 'debug' })
  const debugged = await ask(url)
  await until('the file has it', () => has(logs, debugged))
  t.ok((await linesOf(logs)).some(({ level, requestId }) => level === 20 && requestId === debugged))

  await patch(url, { LogFiles: { path: 'others' } })
  const moved = await ask(url)
  await until('the other folder has it', () => has(others, moved))
  t.notOk(await has(logs, moved))

  await patch(url, { LOG: false })
  const unheard = await ask(url)
  await patch(url, { LOG: true })
  const heard = await ask(url)
  await until('the file has it', () => has(others, heard))
  t.notOk(await has(others, unheard))
  t.notOk(output().includes(unheard), 'and standard output has nothing, either')

  await patch(url, { LOG: null })
  const last = await ask(url)
  await until('standard output has it', () => output().includes(last))
  t.notOk(await has(others, last))
})

t.test('a folder that cannot be made stops nobody, and is told once', async t => {
  const { url, folder, errors, output, stop } = await start(t, { LOG: true, LogFiles: { path: 'config.json' } })
  const id = await ask(url)
  await until('it is told', () => errors().length > 0)
  await ask(url)
  await stop()
  t.match(errors(), [/^The log cannot be written to files in \/.*\/config\.json: E[A-Z]+: .*\. It goes to standard output alone until that is mended\.$/])
  t.equal(errors().length, 1)
  t.ok(output().includes(id))
  t.ok((await stat(join(folder, 'config.json'))).isFile())
})

/** A small disk of its own; undefined where nothing can be mounted. */
async function disk (t: Test, ...options: string[]): Promise<string | undefined> {
  const folder = join(await gatewayFolder(t, {}), 'disk')
  await mkdir(folder)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', ['size=64k', ...options].join(','), 'tmpfs', folder])
  } catch {
    t.pass('skipped: nothing can be mounted here', { skip: 'nothing can be mounted here' })
    return undefined
  }
  t.teardown(() => run('umount', ['-l', folder]))
  return folder
}

t.test('a disk that may only be read stops nobody, and is told once', async t => {
  const path = await disk(t, 'ro')
  if (path === undefined) return
  const { url, errors, stop } = await start(t, { LOG: true, LogFiles: { path: join(path, 'logs') } })
  await ask(url)
  await until('it is told', () => errors().length > 0)
  await ask(url)
  await stop()
  t.match(errors(), [/EROFS/])
  t.equal(errors().length, 1)
})

t.test('a full disk stops nobody, is told once, and when there is room the lines are whole', async t => {
  const path = await disk(t)
  if (path === undefined) return
  const { url, errors, stop } = await start(t, { LOG: true, LogFiles: { path } })
  const early = await ask(url)
  await until('the file has it', () => has(path, early))
  const { bavail } = await statfs(path)
  await writeFile(join(path, 'fill'), Buffer.alloc(bavail * 4096))
  const ids: string[] = []
  for (let i = 0; i < 40; i++) ids.push(await ask(url))
  await until('it is told', () => errors().length > 0)
  await rm(join(path, 'fill'))
  ids.push(await ask(url))
  await stop()
  t.match(errors(), [/ENOSPC/])
  t.equal(errors().length, 1)
  const written = new Set((await linesOf(path)).map(({ requestId }) => requestId))
  t.strictSame(ids.filter(id => !written.has(id)), [], 'what had to wait is there, too')
})

t.test('several processes may share a folder: every line is whole, and of each process', async t => {
  const logs = join(await gatewayFolder(t, {}), 'logs')
  const settings = { LOG: true, LogFiles: { path: logs, maxBytes: 4096, keep: 100 } }
  const gateways = await Promise.all([start(t, settings), start(t, settings)])
  const ids = (await Promise.all(gateways.map(async ({ url }) => {
    const asked: string[] = []
    for (let i = 0; i < 30; i++) asked.push(await ask(url))
    return asked
  }))).flat()
  await Promise.all(gateways.map(({ stop }) => stop()))
  const written = new Set((await linesOf(logs)).map(({ requestId }) => requestId))
  t.strictSame(ids.filter(id => !written.has(id)), [])
  t.ok((await filesOf(logs)).length > 2)
})

t.test('what is logged last is there, however the process ends', async t => {
  const { url, folder, kill } = await start(t, { LOG: true })
  const logs = join(folder, 'logs')
  await until('there is a file', async () => (await filesOf(logs)).length > 0)
  const id = await ask(url)
  // The line follows the reply: it is logged when the connection has taken all of it.
  await until('the file has it', () => has(logs, id))
  await kill()
  t.ok(await has(logs, id))
})
