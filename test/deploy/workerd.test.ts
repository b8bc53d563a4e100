import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parseEvents } from '../helper/events.ts'
import { freePort } from '../helper/free-port.ts'
import { gatewayFolder } from '../helper/gateway-process.ts'
import { until } from '../helper/until.ts'
import { USAGE, delta, sse, startUpstream } from '../helper/upstream.ts'

const run = promisify(execFile)
/** 160 MB, so it is no dependency: `npm install --prefix /tmp/workerd workerd`, and its path in `WORKERD`. */
const WORKERD = process.env['WORKERD'] ?? 'workerd'
const dist = join(import.meta.dirname, '..', '..', 'dist')
const WORKER = join(import.meta.dirname, 'workerd', 'translator.js')

/** All that the worker imports, by the name that it has there; nothing but that and parts of Node which Workers have. */
async function modules (): Promise<Map<string, string>> {
  const found = new Map([['worker.js', WORKER]])
  for (const [name, path] of found) {
    const source = await readFile(path, 'utf8')
    for (const [, from = ''] of source.matchAll(/^(?:import|export) [^'"\n]*from ['"]([^'"]+)['"]/gm)) {
      if (from.startsWith('node:')) continue
      const inner = join(dirname(name), from)
      found.set(inner, join(dist, inner))
    }
  }
  return found
}

/** Runs the worker; @returns its address, or undefined where there is no workerd */
async function startWorker (t: Test, upstream: string): Promise<string | undefined> {
  if (!await run(WORKERD, ['--version']).then(() => true, () => false)) {
    t.pass('skipped: there is no workerd here', { skip: 'there is no workerd here (WORKERD is its path)' })
    return undefined
  }
  const folder = await gatewayFolder(t, {})
  const port = await freePort()
  const listed = [...await modules()].map(([name, path]) => `(name = "${name}", esModule = embed "${relative(folder, path)}")`)
  await writeFile(join(folder, 'worker.capnp'), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .translator), (name = "network", network = (allow = ["local"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const translator :Workerd.Worker = (
  modules = [${listed.join(', ')}],
  bindings = [(name = "UPSTREAM", text = "${upstream}/v1")],
  compatibilityDate = "2026-01-01", compatibilityFlags = ["nodejs_compat"], globalOutbound = "network"
);`)
  const child = spawn(WORKERD, ['serve', join(folder, 'worker.capnp')], { stdio: ['ignore', 'inherit', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (bytes: Buffer) => { said += bytes.toString() })
  t.teardown(async () => {
    child.kill('SIGTERM')
    await gone
  })
  const url = `http://127.0.0.1:${port}`
  await until('workerd listens', async () => {
    if (child.exitCode !== null) throw new Error(said)
    return await fetch(url).then(() => true, () => false)
  })
  return url
}

const QUESTION = { model: 'claude-x', max_tokens: 100, stream: true, system: 'be brief', tools: [{ name: 'look', input_schema: { type: 'object', properties: { at: { type: 'string' } } } }], messages: [{ role: 'user', content: 'hi' }] }

t.test('the translation runs in workerd, and needs nothing that Workers lack', async t => {
  t.ok(existsSync(dist), 'it is built')
  const upstream = await startUpstream(t, (response, { path }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(path.includes('test-model')
      ? sse({ candidates: [{ content: { role: 'model', parts: [{ text: 'Well. ' }, { functionCall: { name: 'look', args: { at: 'it' } } }] }, finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5 } })
      : sse(delta({ role: 'assistant', content: 'Well. ' }), delta({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":' } }] }), delta({ tool_calls: [{ index: 0, function: { arguments: '"it"}' } }] }), delta({}, 'tool_calls', { usage: USAGE }), '[DONE]'))
  })
  const url = await startWorker(t, upstream.url)
  if (url === undefined) return
  for (const kind of ['openai', 'gemini']) {
    const reply = await fetch(`${url}/${kind}`, { method: 'POST', body: JSON.stringify(QUESTION) })
    const events = parseEvents(await reply.text())
    t.match(events.filter(({ event }) => /start|message_delta/.test(event)).map(({ data }) => data), [
      { message: { model: 'claude-x', id: /^msg_/ } },
      { content_block: { type: 'text' } },
      { content_block: { type: 'tool_use', name: 'look' } },
      { delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 5 } }
    ], kind)
    t.equal(events.map(({ data }) => (data['delta'] as { partial_json?: string } | undefined)?.partial_json ?? '').join(''), '{"at":"it"}')
    t.equal(events.at(-1)?.event, 'message_stop')
  }
  t.match(upstream.requests.map(({ path }) => path), ['/v1/chat/completions', /test-model:streamGenerateContent/])
  t.match(upstream.requests[0]?.body, { model: 'test-model', messages: [{ role: 'system', content: 'be brief' }, { role: 'user' }], tools: [{ function: { name: 'look' } }] })
})
