import { once, setMaxListeners } from 'node:events'
import { writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { startApp } from '../helper/app.ts'
import { USAGE, type Received, type ScriptedUpstream, answer, delta, sse, startUpstream } from '../helper/upstream.ts'
import { until } from '../helper/until.ts'

/**
 * The configuration changes all the time while requests and long streams run: none fails, each is answered under a
 * configuration that there was, and connections of providers that are gone are closed. `LIVE_REQUESTS=10000` asks for more.
 */
const REQUESTS = Number(process.env['LIVE_REQUESTS'] ?? 2000)
const CHANGES = Number(process.env['LIVE_CHANGES'] ?? 100)
const STREAMS = Number(process.env['LIVE_STREAMS'] ?? 200)
const CLIENTS = 16

t.setTimeout(REQUESTS * 30 + 120_000)

/** What an upstream saw: where, with which key, for which model. */
const seen = ({ path, headers, body }: Pick<Received, 'path' | 'headers' | 'body'>): string => `${path} ${headers.authorization} ${body.model}`

/** Says what it saw; a long stream goes on until `ended`. */
async function startProvider (t: Test, ended: AbortSignal): Promise<ScriptedUpstream> {
  return startUpstream(t, async (response, request) => {
    if (request.body.model !== 'long') return answer(response, request, seen(request))
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ role: 'assistant', content: 'a' })))
    if (!ended.aborted) await once(ended, 'abort')
    response.end(sse(delta({ content: 'z' }), delta({}, 'stop', { usage: USAGE }), '[DONE]'))
  })
}

interface Version { document: object, answers: string }

/** The version `n`: a provider comes and goes, another one gets other keys, the rule changes. */
function versionOf (n: number, stable: string, others: readonly string[]): Version {
  const extra = (k: number): object[] => k < 1 ? [] : [{ name: `extra-${k}`, api_base_url: `${others[k % others.length]}/x${k}/chat/completions`, api_key: `extra-key-${k}`, models: [`model-${k}`] }]
  const key = `stable-key-${Math.floor(n / 3)}`
  return {
    document: {
      APIKEY: 'admin-key',
      Limits: { requestsPerMinute: 1e9 },
      Providers: [
        { name: 'stable', api_base_url: `${stable}/stable/chat/completions`, api_key: key, models: ['long', `model-${n}`] },
        ...(n === 0 ? [{ name: 'gone', api_base_url: `${others[0]}/gone/chat/completions`, api_key: 'gone-key', models: ['long'] }] : []),
        ...extra(n - 1),
        ...extra(n)
      ],
      Router: { default: n % 2 === 0 ? `stable,model-${n}` : `extra-${n},model-${n}` }
    },
    answers: n % 2 === 0 ? `/stable/chat/completions Bearer ${key} model-${n}` : `/x${n}/chat/completions Bearer extra-key-${n} model-${n}`
  }
}

t.test('changes under load', async t => {
  const streams = new AbortController()
  setMaxListeners(0, streams.signal)
  const stable = await startProvider(t, streams.signal)
  const others = await Promise.all(Array.from({ length: 3 }, () => startProvider(t, streams.signal)))
  const versions = Array.from({ length: CHANGES + 1 }, (_, n) => versionOf(n, stable.url, others.map(({ url }) => url)))
  const last: object = { ...versionOf(CHANGES + 1, stable.url, []).document, Providers: [{ name: 'stable', api_base_url: `${stable.url}/stable/chat/completions`, api_key: 'last-key', models: ['long', 'last'] }], Router: { default: 'stable,last' } }
  const { url, app, path, log } = await startApp(t, { config: versions[0]?.document ?? {} })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer admin-key' }
  const post = (body: object): Promise<Response> => fetch(`${url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify({ model: 'claude-x', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }], ...body }) })
  const edit = async (method: string, document: object): Promise<void> => {
    const reply = await fetch(`${url}/api/config`, { method, headers, body: JSON.stringify(document) })
    const text = await reply.text()
    if (reply.status !== 200) throw new Error(`${method}: ${reply.status} ${text}`)
  }
  /** By the API, whole or in part, and by whoever writes the file. */
  const change = async (n: number, document: object): Promise<void> => {
    if (n % 3 === 0) return await edit('POST', document)
    if (n % 3 === 1) return await edit('PATCH', document)
    const before = app.config.current
    await writeFile(path, JSON.stringify(document))
    await until('the file is in force', () => app.config.current !== before)
  }

  const long = await Promise.all(Array.from({ length: STREAMS }, (_, i) => post({ stream: true, model: i % 2 === 0 ? 'stable,long' : 'gone,long' })))
  t.ok(long.every(({ status }) => status === 200), 'all streams are open')
  const answers = new Map<string, number>()
  let asked = 0
  const changing = new Set(['yes'])
  const failures: string[] = []
  const load = Array.from({ length: CLIENTS }, async () => {
    while (asked < REQUESTS || changing.size > 0) {
      const stream = asked++ % 2 === 0
      const reply = await post({ stream })
      const text = await reply.text()
      const told = /\/(?:stable|x\d+)\/chat\/completions Bearer [\w-]+ [\w-]+/.exec(text)?.[0]
      if (reply.status !== 200 || told === undefined || (stream && !text.includes('message_stop'))) failures.push(`${reply.status} ${text}`)
      else answers.set(told, (answers.get(told) ?? 0) + 1)
    }
  })
  for (const [n, { document }] of versions.entries()) if (n > 0) await change(n, document)
  changing.clear()
  await Promise.all(load)

  t.strictSame(failures, [], 'no request failed')
  const known = new Set(versions.map(({ answers }) => answers))
  t.strictSame([...answers.keys()].filter(told => !known.has(told)), [], 'each was answered under a configuration that there was')
  t.comment(`${asked} requests and ${STREAMS} streams over ${CHANGES} changes; answered under ${answers.size} of ${versions.length} configurations`)
  t.ok(answers.size > 1)

  t.ok(others[0] !== undefined && others[0].sockets.size >= STREAMS / 2, 'streams of a provider that is gone still run')
  await edit('POST', last)
  streams.abort()
  const ends = await Promise.all(long.map(reply => reply.text()))
  t.ok(ends.every(text => text.includes('"z"') && text.includes('message_stop')), 'every stream came to its end')
  await until('their sockets are closed', () => others.every(({ sockets }) => sockets.size === 0))
  t.pass('connections to providers that are gone are closed')
  t.match(app.lanes.of([...app.config.current.providers.get('stable')?.values() ?? []][0]?.provider as never).queue, { running: 0, waiting: 0 })
  t.strictSame(log.filter(({ level }) => Number(level) >= 50), [])
})
