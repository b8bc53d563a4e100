import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { type ClientRequest, SESSION, mainLoop, taggedAgent } from '../helper/claude-code-requests.ts'
import { answer, startUpstream } from '../helper/upstream.ts'
import { load, problemsOf, provider, traitsOf } from '../routing/configurations.ts'

const folder = await mkdtemp(join(tmpdir(), 'switchyard-router-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

async function file (name: string, text: string): Promise<string> {
  const path = join(await mkdtemp(join(folder, 'f-')), name)
  await writeFile(path, text)
  return path
}

/** What the first prompt asks for is what the function does. */
const BEHAVIOURS = `
const seen = []
let calls = 0
let event
export default async function router (request, config, context) {
  calls++
  const { body: { messages: [{ content }] } } = request
  switch (content) {
    case 'b': return 'p,b'
    case 'null': return null
    case 'nothing': return
    case 'empty': return ''
    case 'unknown': return 'p,nobody'
    case 'throw': throw new Error('no idea')
    case 'throw a text': throw 'a text'
    case 'number': return 7
    case 'list': return ['p,b']
    case 'hang': return new Promise(() => {})
    case 'mutate':
      request.body.messages = []
      request.body.model = 'p,b'
      request.body.tools.push({ name: 'extra' })
      request.headers['x-own'] = 'yes'
      request.traits.headers['x-own'] = 'yes'
      request.traits.images = 1
      return null
    case 'log':
      request.log.debug('not shown')
      request.log.info({ from: 'the router' }, 'asked for %s', request.body.model)
      request.log.warn('a warning of the router')
      request.log.error(new Error('an error of the router'))
      return 'p,b'
    case 'replace':
      request.body = { ...request.body, model: 'p,own', tools: [] }
      return request.body.tools.length === 0 && request.body.model === 'p,own' ? 'p,b' : null
    case 'the same emitter':
      if (event !== undefined && event !== context.event) throw new Error('another emitter')
      event = context.event
      let heard = 0
      event.once('told', () => heard++)
      event.emit('told')
      return heard === 1 ? 'p,b' : null
    case 'see': throw new Error(JSON.stringify({
      tokenCount: request.tokenCount, sessionId: request.sessionId, url: request.url, method: request.method, agent: request.headers['user-agent'], team: request.headers['x-team'],
      tools: request.body.tools.length, model: request.body.model, tier: request.traits.tier, threshold: config.Router.longContextThreshold, key: config.Providers[0].api_key, calls
    }))
  }
}
`

const upstream = await startUpstream(t, (response, request) => answer(response, request, 'Well.'))
const { url, log, app } = await startApp(t, {
  config: {
    Providers: [{ ...provider(['a', 'b', 'image', 'own']), api_base_url: `${upstream.url}/v1/chat/completions`, api_key: '$UPSTREAM_KEY' }],
    Router: { default: 'p,a', image: 'p,image', longContextThreshold: 1234, rules: [{ name: 'own', when: { header: { 'x-own': 'yes' } }, use: 'p,own' }] },
    fallback: { default: ['p,a'] },
    CUSTOM_ROUTER_PATH: await file('router.mjs', BEHAVIOURS),
    CUSTOM_ROUTER_TIMEOUT_MS: 50
  },
  env: { UPSTREAM_KEY: 'upstream-secret' }
})

/** What became of a request with this prompt, and what the provider got. */
async function routed (prompt: string, { headers, body }: ClientRequest = mainLoop()): Promise<{ status: number, rule: string | null, model: string | undefined, tools: number | undefined, warnings: unknown[] }> {
  const before = [upstream.requests.length, log.length] as const
  const reply = await ask(url, { ...body, messages: [{ role: 'user', content: prompt }] }, headers)
  const sent = upstream.requests.slice(before[0])
  t.equal(sent.length, 1, prompt)
  return { status: reply.status, rule: reply.headers.get('x-router-rule'), model: sent[0]?.body.model, tools: sent[0]?.body.tools?.length, warnings: log.slice(before[1]).filter(({ level }) => level === 40).map(({ problem }) => problem) }
}

t.test('what it returns is where the request goes, before all rules but the request\'s own word', async t => {
  t.match(await routed('b'), { status: 200, rule: 'custom', model: 'b', warnings: [] })
  t.match(await routed('b', taggedAgent('p,own')), { rule: 'custom', model: 'b' })
  t.match(await routed('b', { ...mainLoop(), headers: { 'x-own': 'yes' } }), { rule: 'custom', model: 'b' })
})

t.test('where it returns nothing the rules decide', async t => {
  for (const prompt of ['null', 'nothing', 'empty', 'anything else']) t.match(await routed(prompt), { rule: 'default', model: 'a', warnings: [] }, prompt)
  t.match(await routed('null', { ...mainLoop(), headers: { 'x-own': 'yes' } }), { rule: 'rules.own', model: 'own' })
})

t.test('whatever goes wrong with it is logged, and the rules decide', async t => {
  const problems: Record<string, string> = {
    throw: 'no idea',
    'throw a text': 'a text',
    number: 'it returned a number, and not "provider,model" or null',
    list: 'it returned a list, and not "provider,model" or null',
    hang: 'it took more than 50 ms'
  }
  for (const [prompt, problem] of Object.entries(problems)) t.match(await routed(prompt), { status: 200, rule: 'default', model: 'a', warnings: [problem] }, prompt)
  t.match(log.find(({ problem }) => problem === 'no idea'), { msg: 'the custom router failed; the rules go on without it', file: /router\.mjs$/, session: SESSION })
})

t.test('a name that is not configured is logged, too', async t => {
  const { rule, model, warnings } = await routed('unknown')
  t.strictSame([rule, model, warnings.length], ['default', 'a', 1])
})

t.test('what it changes in a request changes nothing', async t => {
  t.match(await routed('mutate'), { status: 200, rule: 'default', model: 'a', tools: 24 })
})

t.test('it may put another body in the place of its own, which changes nothing either', async t => {
  t.match(await routed('replace'), { status: 200, rule: 'custom', model: 'b', tools: 24, warnings: [] })
})

t.test('it writes to the service\'s log, as routers of claude-code-router do', async t => {
  const before = log.length
  t.match(await routed('log'), { status: 200, rule: 'custom', model: 'b' })
  const lines = log.slice(before)
  t.match(lines.find(({ from }) => from === 'the router'), { level: 30, msg: 'asked for claude-opus-4-8' })
  t.match(lines.find(({ msg }) => msg === 'a warning of the router'), { level: 40 })
  t.match(lines.find(({ level }) => level === 50), { err: { message: 'an error of the router' } })
  t.notOk(lines.some(({ msg }) => msg === 'not shown'), 'at the level of the configuration')
})

/** What it got, as it tells in the log. */
async function seen (): Promise<Record<string, unknown>> {
  const { headers, body } = mainLoop()
  const { warnings: [told] } = await routed('see', { headers: { ...headers, 'x-team': 'blue' }, body })
  return JSON.parse(String(told)) as Record<string, unknown>
}

t.test('what it gets', async t => {
  const { headers, body } = mainLoop()
  const { calls, ...rest } = await seen()
  t.strictSame(rest, {
    tokenCount: traitsOf({ headers, body: { ...body, messages: [{ role: 'user', content: 'see' }] } }).promptTokens,
    sessionId: SESSION,
    url: '/v1/messages?beta=true',
    method: 'POST',
    agent: headers['user-agent'],
    team: 'blue',
    tools: 24,
    model: 'claude-opus-4-8',
    tier: 'opus',
    threshold: 1234,
    key: 'upstream-secret'
  })
  for (const time of ['once', 'twice']) t.match(await routed('the same emitter'), { rule: 'custom', warnings: [] }, time)
  t.match(await routed('b', mainLoop({ model: 'p,own' })), { rule: 'explicit', model: 'own' })
  t.equal((await seen())['calls'], Number(calls) + 3, 'it was not asked where the request names its target')
  t.match(await routed('b', mainLoop({ model: 'p,nobody' })), { rule: 'custom' }, 'but where that is not configured')
})

t.test('a route is explained with what it says', async t => {
  const said = async (content: string, model?: string): Promise<object> => {
    const reply = await app.inject({ method: 'POST', url: '/api/route', payload: { ...mainLoop().body, ...(model !== undefined && { model }), messages: [{ role: 'user', content }] } })
    const { rule, rules: [, custom] } = reply.json<{ rule: string, rules: object[] }>()
    return { rule, custom }
  }
  t.strictSame(await said('b'), { rule: 'custom', custom: { rule: 'custom', matched: true, why: 'it returned p,b', targets: ['p,b', 'p,a'] } })
  t.strictSame(await said('null'), { rule: 'default', custom: { rule: 'custom', matched: false, why: 'it returned nothing', targets: [] } })
  t.match(await said('unknown'), { rule: 'default', custom: { why: 'it returned p,nobody, which is not configured' } })
  t.match(await said('hang'), { rule: 'default', custom: { why: 'it failed: it took more than 50 ms' } })
  t.match(await said('b', 'p,own'), { rule: 'explicit', custom: { matched: true } })
})

t.test('every form of a file is taken', async t => {
  const forms: Record<string, string> = {
    'async.mjs': 'export default async request => request.body.model',
    'sync.mjs': 'export default request => request.body.model',
    'named.mjs': 'export function router (request) { return request.body.model }',
    'commonjs.cjs': 'module.exports = async function router (req, config) { return req.body.model }',
    'commonjs-sync.js': 'module.exports = (req) => req.body.model',
    'compiled.cjs': 'exports.default = req => req.body.model',
    'commonjs-named.cjs': 'exports.router = req => req.body.model',
    'that waits.mjs': 'const name = await null; export default request => name ?? request.body.model'
  }
  const { body } = mainLoop()
  for (const [name, text] of Object.entries(forms)) {
    const { custom } = await load({ Providers: [provider(['a'])], Router: { default: 'p,a' }, CUSTOM_ROUTER_PATH: await file(name, text) })
    t.strictSame(await custom?.ask(body, '/', traitsOf(mainLoop()), app.log), { said: 'claude-opus-4-8' }, name)
  }
  t.equal((await load({ Providers: [provider(['a'])], Router: { default: 'p,a' }, CUSTOM_ROUTER_PATH: '' })).custom, undefined, 'an empty path is none')
})

t.test('a file that cannot be used is named at the start', async t => {
  const problems = async (path: string): Promise<readonly string[]> => problemsOf({ Providers: [provider(['a'])], Router: { default: 'p,a' }, CUSTOM_ROUTER_PATH: path })
  t.strictSame(await problems('/nowhere/router.js'), ['CUSTOM_ROUTER_PATH: /nowhere/router.js is not there'])
  for (const [name, text] of [['none.mjs', 'export const a = 1'], ['text.cjs', 'module.exports = "p,a"'], ['empty.cjs', '']] as const) {
    const path = await file(name, text)
    t.strictSame(await problems(path), [`CUSTOM_ROUTER_PATH: ${path} exports no function; it must export one (request, config) that returns "provider,model" or null`])
  }
  for (const [name, text, words] of [['syntax.mjs', 'export default (', 'Unexpected end of input'], ['syntax.cjs', 'module.exports = (', 'Unexpected'], ['throws.mjs', 'throw new Error("at once")', 'at once'], ['needs.mjs', 'import "./not-there.mjs"', 'not-there']] as const) {
    const path = await file(name, text)
    const [problem, ...rest] = await problems(path)
    t.same(rest, [])
    t.ok(problem?.startsWith(`CUSTOM_ROUTER_PATH: ${path} cannot be loaded: `) && problem.includes(words), `${problem}`)
  }
  t.strictSame(await problemsOf({ Providers: [provider(['a'])], Router: { default: 'p,a' }, CUSTOM_ROUTER_TIMEOUT_MS: 0 }), ['CUSTOM_ROUTER_TIMEOUT_MS: must be >= 1'])
})
