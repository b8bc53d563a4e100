import { createHook } from 'node:async_hooks'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { Agent, fetch } from 'undici'
import { startApp } from '../helper/app.ts'
import { type Play, SPEECH, type WireName, refuse, reset, send } from '../helper/faulty.ts'
import { checkGrammar } from '../helper/grammar.ts'
import { type Received, startUpstream } from '../helper/upstream.ts'

/**
 * A thousand requests at once, of which providers fail about three in ten, each time in another way.
 *
 * None may be lost, so none may be lost by chance either: were the faults thrown like dice, all six tries would fail for 7 in
 * 10,000 requests (0.3 to the power of 6), and breakers would make it more. So each request has one target that is well for it
 * whenever it is asked, and fails elsewhere as its number says. That target is always reached: if it rests for what befell others,
 * it is the last resort, and nobody asks for a pause that would shut it off. Silence is no fault here, as a busy machine could
 * make time-outs of its own; test/failover/matrix.test.ts has it.
 */

const REQUESTS = 1000
const TARGETS: readonly WireName[] = ['openai', 'anthropic', 'openai']
/** Of the tries that may fail; a third of the first ones may not. */
const SHARE = 0.5

const FAULTS: readonly Play[] = [
  reset(),
  reset(() => ''),
  reset(({ beginning }) => beginning),
  refuse(408, 'timeout_error'),
  refuse(429, 'rate_limit_error'),
  refuse(429, 'rate_limit_error', { 'retry-after': '0' }),
  refuse(500, 'api_error'),
  refuse(503, 'overloaded_error'),
  refuse(529, 'overloaded_error'),
  refuse(404, 'not_found_error'),
  send('text/event-stream', () => ''),
  send('text/event-stream', speech => speech.beginning + speech.errorEvent(502, 'api_error', 'broke')),
  send('application/json', speech => JSON.stringify(speech.error(502, 'api_error', 'broke'))),
  send('application/json', () => '{"choices":[{"mes'),
  send('text/html', () => '<html>no</html>')
]

/** An even number of 32 bits for these, always the same (https://github.com/aappleby/smhasher/wiki/MurmurHash3, its finaliser). */
function scatter (...numbers: number[]): number {
  let hash = 0x9e3779b9
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return hash >>> 0
}

/** How the nth try of a request fails on a target; undefined where it does not. */
function faultOf (id: number, target: number, n: number): Play | undefined {
  if (scatter(id) % TARGETS.length === target) return undefined
  return scatter(id, target, n) / 2 ** 32 < SHARE ? FAULTS[scatter(n, id, target) % FAULTS.length] : undefined
}

const ROOT = new URL('../../', import.meta.url)

/** Timers that the gateway set and that are due, by the file that did. One that holds no process up counts, too. */
const timers = new Map<number, string>()
let seen = 0
const prepare = Error.prepareStackTrace
const hook = createHook({
  init (id, type) {
    if (type !== 'Timeout') return
    // As it stands: to map thousands of stacks back to their sources takes longer than all else.
    Error.prepareStackTrace = (_error, sites) => sites.map(site => site.getFileName() ?? '')
    const files = new Error('').stack as unknown as string[]
    Error.prepareStackTrace = prepare
    const own = files.map(file => file.replace(ROOT.href, '').replace(ROOT.pathname, '')).find(file => /^(?:src|plugins|providers)\//.test(file))
    if (own === undefined) return
    timers.set(id, own)
    seen++
  },
  destroy (id) { timers.delete(id) }
})

/** What has timers of its own, whatever requests there are. */
const OF_THE_SERVICE = ['src/repeat.ts', 'src/config/place/watch-file.ts']

/** The files whose timers go on, but those of `without`. That a timer is gone is told some turns of the loop after it. */
async function timersLeft (without: readonly string[]): Promise<string[]> {
  const left = (): string[] => [...timers.values()].filter(file => !without.includes(file))
  for (let turns = 0; left().length > 0 && turns < 100; turns++) await setImmediate()
  return left()
}

interface Reply { status: number, text: string, tries: string }

t.test('no request is lost, none is answered twice, and nothing is left behind', { timeout: 55_000 }, async t => {
  hook.enable()
  t.teardown(() => hook.disable())
  const waiting = process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const asked = new Map<string, number>()
  const answered: number[] = []
  const unfinished = new Set<Received>()
  let faults = 0

  const upstreams = await Promise.all(TARGETS.map((wire, target) => startUpstream(t, (response, request) => {
    unfinished.add(request)
    response.on('close', () => unfinished.delete(request))
    const id = idOf(request)
    const n = asked.get(`${id} ${target}`) ?? 0
    asked.set(`${id} ${target}`, n + 1)
    const fault = faultOf(id, target, n)
    if (fault === undefined) {
      answered.push(id)
      return SPEECH[wire].answer(response, request, `echo of ${id}`)
    }
    faults++
    return fault(response, request, wire)
  })))
  const providers = upstreams.map(({ url }, i) => ({ name: `p${i}`, api_base_url: `${url}/v1${TARGETS[i] === 'openai' ? '/chat/completions' : ''}`, api_key: 'secret', models: ['m'], transformer: { use: [TARGETS[i]] }, maxConcurrent: 200, maxQueue: REQUESTS, queueTimeout: 50_000 }))
  const { app, url, log } = await startApp(t, {
    config: {
      Providers: providers,
      Router: { default: 'p0,m' },
      fallback: { default: ['p1,m', 'p2,m'] },
      Failover: { backoff: 1, coolDown: 50 },
      Stream: { shutdownGrace: 0 }
    }
  })
  const agent = new Agent()
  const request = async (id: number): Promise<Reply> => {
    const body = JSON.stringify({ model: 'claude-x', max_tokens: 10, stream: isStream(id), messages: [{ role: 'user', content: String(id) }] })
    const response = await fetch(`${url}/v1/messages`, { method: 'POST', dispatcher: agent, headers: { 'content-type': 'application/json', 'x-claude-code-session-id': String(id % 50) }, body })
    return { status: response.status, tries: response.headers.get('x-router-attempts') ?? '', text: await response.text() }
  }
  const replies = await Promise.all(Array.from({ length: REQUESTS }, (_, id) => request(id)))

  const wrong = replies.map((reply, id) => problemOf(reply, id)).filter(problem => problem !== undefined)
  t.strictSame(wrong, [], 'each has a whole answer, and its own')
  t.strictSame(answered.sort((a, b) => a - b), Array.from(replies.keys()), 'no provider answered one that had its answer')
  const total = [...asked.values()].reduce((sum, n) => sum + n)
  t.ok(faults / total > 0.25, `${faults} of ${total} tries failed`)
  t.equal(faults, total - REQUESTS)
  const served = upstreams.map(({ requests }) => requests.length)
  t.ok(served.every(n => n > 0), `all targets had their part: ${served.join(', ')}`)
  t.strictSame(log.filter(({ msg, error }) => msg !== 'request' && !String(msg).startsWith('Server listening') && error !== undefined), [], 'nothing else went wrong')
  t.equal(log.filter(({ msg, status, error }) => msg === 'request' && status === 200 && error === undefined).length, REQUESTS, 'as the log has it')

  for (const { provider } of app.config.current.router.default) {
    const { queue } = app.lanes.of(provider)
    t.strictSame([queue.running, queue.waiting], [0, 0], `nobody waits for ${provider.name}`)
  }
  t.equal(app.running.size, 0)
  while (unfinished.size > 0) await setImmediate()
  t.strictSame(await timersLeft(OF_THE_SERVICE), [], 'no timer of a request goes on; those of the service do')
  t.ok(seen > REQUESTS / 2, 'each stream had one')

  await agent.close()
  await app.close()
  while (upstreams.some(({ sockets }) => sockets.size > 0)) await setImmediate()
  t.pass('no connection to a provider is left')
  t.strictSame(await timersLeft([]), [], 'and no timer')
  t.equal(process.getActiveResourcesInfo().filter(name => name === 'Timeout').length, waiting)
})

function idOf ({ body }: Received): number {
  return Number(body.messages.at(-1)?.content)
}

function isStream (id: number): boolean {
  return id % 2 === 0
}

/** What is wrong with an answer, in words. */
function problemOf ({ status, text, tries }: Reply, id: number): string | undefined {
  if (status !== 200) return `${id}: ${status} after ${tries}: ${text}`
  const { content } = isStream(id) ? checkGrammar(text) : JSON.parse(text) as { content: unknown }
  const expected = JSON.stringify([{ type: 'text', text: `echo of ${id}` }])
  return JSON.stringify(content) === expected ? undefined : `${id}: ${text}`
}
