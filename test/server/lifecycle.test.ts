import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { openStream, parseEvents } from '../helper/events.ts'
import { delta, sse, startUpstream } from '../helper/upstream.ts'

/** As built: `npm test` builds first. */
const server = join(import.meta.dirname, '..', '..', 'dist', 'src', 'server.js')

interface Process { child: ChildProcess, output: () => string, folder: string }

/** The service as a process of its own, in an empty folder, as a user starts it. */
async function start (t: Tap, env: Record<string, string>, files: Record<string, string> = {}): Promise<Process> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-server-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const child = spawn(process.execPath, [server], { cwd: folder, env: { PATH: process.env['PATH'], PORT: '0', ...env } })
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => { output += bytes.toString() })
  child.stderr.on('data', (bytes: Buffer) => { output += bytes.toString() })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  return { child, output: () => output, folder }
}

type Tap = Parameters<typeof startApp>[0]

async function listening ({ child, output }: Process): Promise<string> {
  for (;;) {
    const address = /listens on (http:\/\/[^;]+);/.exec(output())?.[1]
    if (address !== undefined) return address
    if (child.exitCode !== null) throw new Error(output())
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), once(child, 'exit')])
  }
}

t.test('with nothing set it serves the demo, says so, and says what to set next', async t => {
  const process_ = await start(t, {})
  const url = await listening(process_)
  const stream = await openStream(url, {})
  t.match(await stream.end(), /Switchyard demo|Switchyard[^]*demo[^]*message_stop/)
  t.match(process_.output(), /built-in demo[^]*OPENROUTER_API_KEY[^]*ANTHROPIC_BASE_URL=http:\/\/127\.0\.0\.1/)
  process_.child.kill('SIGTERM')
  await once(process_.child, 'exit')
  t.equal(process_.child.exitCode, 0)
})

t.test('it reads .env, but what is set already stays', async t => {
  const process_ = await start(t, { TARGET_MODEL_DEFAULT: 'from/environment' }, { '.env': 'OPENROUTER_API_KEY=k\nOPENROUTER_BASE_URL=http://127.0.0.1:1/v1\nTARGET_MODEL_DEFAULT=from/file\n' })
  await listening(process_)
  t.match(process_.output(), /from\/environment of openrouter is the default/)
})

t.test('a bad configuration, or an open address without a key, ends the start with a reason', async t => {
  const bad = await start(t, {}, { 'config.json': '{ "Providers": [] }' })
  await once(bad.child, 'exit')
  t.equal(bad.child.exitCode, 1)
  t.match(bad.output(), /config\.json cannot be used:\n[^]*Router: is missing/)
  t.notMatch(bad.output(), /at .*\.ts:/, 'no stack trace')

  const open = await start(t, { HOST: '0.0.0.0' })
  await once(open.child, 'exit')
  t.equal(open.child.exitCode, 1)
  t.match(open.output(), /HOST: 0\.0\.0\.0 can be reached from other machines/)

  const keyed = await start(t, { HOST: '0.0.0.0', APIKEY: 'k' })
  await listening(keyed)
})

t.test('at a shutdown running streams go on to their end', async t => {
  let finish = (): void => {}
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'one' })))
    finish = () => response.end(sse(delta({ content: ' two' }), delta({}, 'stop'), '[DONE]'))
  })
  const { app, url } = await startApp(t, { config: oneProvider(upstream.url) })
  const stream = await openStream(url, {})
  await stream.until(text => text.includes('one'))
  const closed = app.close()
  finish()
  t.match(await stream.end(), / two[^]*message_stop/)
  await closed
})

t.test('a connection that is kept alive does not hold the end up', async t => {
  let finish = (): void => {}
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'one' })))
    finish = () => response.end(sse(delta({}, 'stop'), '[DONE]'))
  })
  const { app, url } = await startApp(t, { config: oneProvider(upstream.url) })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const call = request(`${url}/v1/messages`, { agent, method: 'POST', headers: { 'content-type': 'application/json' } })
  call.end(JSON.stringify({ model: 'm', max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'x' }] }))
  const [response] = await once(call, 'response') as [IncomingMessage]
  await once(response, 'data')
  const closed = app.close()
  response.resume()
  finish()
  await once(response, 'end')
  await closed
  t.pass('the server is closed while the client would keep the connection')
})

t.test('a client that does not read does not outlast the grace either', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let i = 0; i < 400; i++) response.write(sse(delta({ content: 'x'.repeat(64 * 1024) })))
  })
  const { app, url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { Stream: { pingAfter: 10, shutdownGrace: 200 } }) })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const body = '{"model":"m","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"x"}]}'
  socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  const warnings: string[] = []
  const warn = (warning: Error): void => { warnings.push(warning.name) }
  process.on('warning', warn)
  await once(socket, 'readable')
  await app.close()
  process.off('warning', warn)
  socket.destroy()
  t.same(warnings, [], 'and signs of life do not pile up meanwhile')
})

t.test('those that outlast the grace are told so, and the service ends', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ content: 'one' })))
  })
  const { app, url } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { Stream: { shutdownGrace: 50 } }) })
  const stream = await openStream(url, {})
  await stream.until(text => text.includes('one'))
  await app.close()
  t.match(parseEvents(await stream.end()).at(-1), { event: 'error', data: { error: { type: 'overloaded_error', message: /shut down/ } } })
})
