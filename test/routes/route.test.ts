import t from 'tap'
import { startApp } from '../helper/app.ts'
import { type ClientRequest, KINDS, SESSION, explore, mainLoop, picture, taggedAgent } from '../helper/claude-code-requests.ts'
import { answer, json, startUpstream } from '../helper/upstream.ts'

const upstream = await startUpstream(t, (response, request) => {
  if (request.path.startsWith('/claude')) json(response, { id: 'msg_1', type: 'message', role: 'assistant', model: 'x', content: [{ type: 'text', text: 'Well.' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } })
  else answer(response, request, 'Well.')
})
const { app, url, log } = await startApp(t, {
  config: {
    APIKEY: 'canary-gateway-key',
    Providers: [
      { name: 'claude', api_base_url: `${upstream.url}/claude/v1/messages`, api_key: 'canary-claude-key', models: ['claude-sonnet-4-5-20250929', 'claude-blind'], transformer: { use: ['anthropic'] }, capabilities: { 'claude-blind': { vision: false, maxOutput: 8000, thinking: false } } },
      { name: 'chat', api_base_url: `${upstream.url}/chat/v1/chat/completions?code=canary-url-key`, api_key: ['canary-first-key', 'canary-second-key'], models: ['m'], transformer: { use: [['openai', { headers: { 'x-team': 'canary-header-value', 'x-proxy-token': 'short' } }]] } },
      { name: 'strict', api_base_url: `${upstream.url}/chat/v1/chat/completions`, models: ['m'], transformer: { use: ['openai'] }, strict: true },
      { name: 'sealed', api_base_url: `${upstream.url.replace('//', '//canary-user%2B1:canary-pass%2F1@')}/chat/v1/chat/completions?sig=canary%2Bsig%2F1&v=short&empty=&canary-flag`, api_key: 'canary+plain/key', models: ['m'], transformer: { use: ['openai'] } },
      { name: 'gemini', api_base_url: `${upstream.url}/v1beta`, api_key: 'canary-gemini-key', models: ['gemini-2.5-pro'], transformer: { use: ['gemini'] } }
    ],
    Router: {
      default: 'claude,claude-sonnet-4-5-20250929',
      background: 'chat,m',
      longContext: 'gemini,gemini-2.5-pro',
      rules: [{ name: 'of-ann', when: { header: { 'x-user-email': '*@corp.example' }, not: { header: { 'x-robot': 'true' } } }, use: 'chat,m' }]
    },
    fallback: { background: ['claude,claude-sonnet-4-5-20250929'] }
  }
})
const posted = (): number => upstream.requests.filter(({ method }) => method === 'POST').length

interface Answer {
  status: number
  text: string
  json: {
    traits: Record<string, unknown>
    rules: { rule: string, matched: boolean }[]
    rule: string
    reason: string
    targets: { target: string, tokens: number, capabilities: Record<string, unknown>, lanes: object[] }[]
    overflow: string[]
    adjusted: string[]
    dropped: string[]
    upstream: { url: string, headers: Record<string, string>, body: Record<string, unknown> }
    refused?: object
    error?: { type: string, message: string }
  }
}

async function explain (payload: object | string, headers: Record<string, string> = {}): Promise<Answer> {
  const reply = await app.inject({ method: 'POST', url: '/api/route', headers: { 'x-api-key': 'canary-gateway-key', 'content-type': 'application/json', ...headers }, payload })
  t.notMatch(reply.body, /canary/, 'whatever is asked, no key is told')
  return { status: reply.statusCode, text: reply.body, json: reply.json<Answer['json']>() }
}

t.test('it needs a key', async t => {
  const reply = await app.inject({ method: 'POST', url: '/api/route', payload: mainLoop().body })
  t.equal(reply.statusCode, 401)
})

t.test('a request as it is', async t => {
  const { status, json } = await explain(mainLoop().body, { 'x-claude-code-agent-id': 'a1' })
  t.equal(status, 200)
  t.match(json, {
    traits: { model: 'claude-opus-4-8', tier: 'opus', session: SESSION, agent: 'a1', subagent: true, key: 'APIKEY', effort: 'high', stream: true, maxTokens: 64000 },
    rule: 'default',
    reason: 'no other rule applies',
    targets: [{ target: 'claude,claude-sonnet-4-5-20250929', capabilities: { vision: true, contextWindow: 200_000, maxOutput: 64_000 }, lanes: [{ key: 1, breaker: 'closed', failures: 0, opensIn: 0, keyRests: 0 }] }],
    overflow: ['gemini,gemini-2.5-pro'],
    adjusted: [],
    dropped: [],
    upstream: { url: `${upstream.url}/claude/v1/messages` }
  })
  t.equal(json.targets[0]?.tokens, json.traits['estimate'])
  t.same(json.rules.map(({ rule }) => rule), ['explicit', 'custom', 'rules.of-ann', 'subagent', 'image', 'webSearch', 'longContext', 'background', 'think', 'opus', 'sonnet', 'haiku', 'default'])
  t.notOk('headers' in json.traits, 'headers hold credentials')
})

t.test('a request with the headers that it is sent with', async t => {
  const { headers, body } = explore()
  const { json } = await explain({ request: body, headers: { ...headers, 'X-Claude-Code-Session-Id': 'other', 'x-claude-code-session-id': 'other' } }, { 'x-claude-code-agent-id': 'not-this' })
  t.match(json, { traits: { session: 'other', agent: headers['x-claude-code-agent-id'] }, rule: 'background' })
  t.same(json.targets.map(({ target, lanes }) => [target, lanes.length]), [['chat,m', 2], ['claude,claude-sonnet-4-5-20250929', 1]], 'a lane for each key')
  t.match((await explain({ request: body }, { 'x-claude-code-agent-id': 'not-this' })).json, { traits: { agent: undefined } }, 'or without any')
})

t.test('what is no request is refused, by its path', async t => {
  const { body } = mainLoop()
  const wrong: [payload: object | string, message: RegExp][] = [
    [{}, /^model: Field required$/],
    [{ request: {} }, /^model: Field required$/],
    [{ request: 'x' }, /^model: Field required$/],
    [{ ...body, max_tokens: 'many' }, /^max_tokens: Input should be a valid integer$/],
    [{ request: { ...body, messages: [{ role: 'robot', content: '' }] } }, /^messages\.0\.role: Input should be 'user', 'assistant' or 'system'$/],
    [{ request: body, headers: 'x' }, /^headers: Input should be an object of texts$/],
    [{ request: body, headers: { a: 1 } }, /^headers: /],
    [[], /Input should be a valid object/],
    ['{', /./]
  ]
  for (const [payload, message] of wrong) {
    const { status, json } = await explain(payload)
    t.match([status, json], [400, { type: 'error', error: { type: 'invalid_request_error', message } }], JSON.stringify(payload).slice(0, 60))
  }
})

t.test('a request that passes as it is shows the model in place of the client\'s', async t => {
  const { headers, body } = mainLoop()
  const { json: { upstream: sent, dropped } } = await explain({ request: body, headers })
  t.strictSame(sent.body, { ...body, model: 'claude-sonnet-4-5-20250929' })
  t.same(Object.keys(sent.body), Object.keys(body), 'in the client\'s order')
  t.same(dropped, [])
  t.match(sent.headers, { 'x-api-key': '[key]', 'anthropic-beta': headers['anthropic-beta'], 'user-agent': headers['user-agent'] })
  t.notOk('authorization' in sent.headers, 'the client\'s own key stays here')
})

t.test('it shows what is changed for the model, and what is lost', async t => {
  const { json: blind } = await explain(picture(100, { model: 'claude,claude-blind' }).body)
  t.match(blind, { rule: 'explicit', adjusted: ['max_tokens 32000 to 8000', 'thinking off', '1 image as placeholders'], dropped: ['messages.image'], upstream: { body: { model: 'claude-blind', max_tokens: 8000, thinking: { type: 'disabled' } } } })
  const { json: tagged } = await explain(taggedAgent('chat,m').body)
  t.match(tagged, { rule: 'subagent', upstream: { body: { model: 'm' } } })
  t.notMatch(JSON.stringify(tagged.upstream.body), /CCR-SUBAGENT/)
  t.ok(tagged.dropped.includes('metadata'))
})

t.test('a picture by its URL, which the gateway would load, is not called a loss', async t => {
  const { json } = await explain({ model: 'gemini,gemini-2.5-pro', max_tokens: 10, messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: `${upstream.url}/a.png` } }, { type: 'text', text: 'What is it?' }] }] })
  t.equal(json.refused, undefined)
  t.same(json.dropped, [])
})

t.test('a request that a target cannot carry says so', async t => {
  const { json } = await explain({ ...KINDS['count by a request']().body, model: 'strict,m', top_k: 5 })
  t.match(json, { rule: 'explicit', refused: { type: 'invalid_request_error', message: /top_k/ } })
  t.equal(json.upstream, undefined)
})

t.test('keys are told nowhere', async t => {
  const content = 'My keys are canary-first-key, canary-second-key and canary-header-value.'
  const request = { model: 'chat,m', max_tokens: 10, messages: [{ role: 'user', content }] }
  const { status, json: { upstream: sent } } = await explain({ request, headers: { authorization: 'Bearer canary-client', 'x-api-key': 'canary-client', cookie: 'canary-client' } })
  t.equal(status, 200)
  t.match(sent, {
    url: `${upstream.url}/chat/v1/chat/completions?code=[key]`,
    headers: { authorization: '[key]', 'x-team': '[key]', 'x-proxy-token': '[key]' },
    body: { messages: [{ content: 'My keys are [key], [key] and [key].' }] }
  })
  const { json: { upstream: gemini } } = await explain({ ...request, messages: [{ role: 'user', content: 'Hi' }], model: 'gemini,gemini-2.5-pro' })
  t.match(gemini.headers, { 'x-goog-api-key': '[key]' })
})

t.test('a URL is shown without user, password and values of its query, however they are written', async t => {
  const content = 'canary-user%2B1 canary-user+1 canary-pass%2f1 canary-pass/1 canary%2Bsig%2F1 canary+sig/1 canary%2bsig%2f1 canary+plain/key canary%2Bplain%2Fkey canary-flag.'
  const { json: { upstream: sent } } = await explain({ model: 'sealed,m', max_tokens: 10, messages: [{ role: 'user', content }] })
  t.equal(sent.url, `${upstream.url.replace('//', '//[key]:[key]@')}/chat/v1/chat/completions?sig=[key]&v=[key]&empty=&[key]`)
  t.match(sent.body, { messages: [{ content: `${'[key] '.repeat(9)}[key].` }] })
})

t.test('nobody was called for any of this', async t => {
  t.equal(posted(), 0)
  t.notOk(upstream.requests.some(({ path }) => path === '/a.png'))
})

t.test('what is explained is what is sent', async t => {
  const requests: [ClientRequest, rule: string][] = [[mainLoop(), 'default'], [explore(), 'background'], [picture(100, { model: 'claude,claude-blind' }), 'explicit'], [taggedAgent('chat,m'), 'subagent']]
  for (const [{ headers, body: { stream: _, ...body } }, rule] of requests) {
    const { json: explained } = await explain({ request: body, headers })
    const before = posted()
    const reply = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { ...headers, authorization: 'Bearer canary-gateway-key' }, body: JSON.stringify(body) })
    t.equal(reply.status, 200, await reply.text())
    t.equal(reply.headers.get('x-router-rule'), rule)
    t.match([explained.rule, posted()], [rule, before + 1])
    const sent = upstream.requests.at(-1)
    t.strictSame(sent?.body, explained.upstream.body)
    t.equal(`${upstream.url}${sent?.path}`.replace('canary-url-key', '[key]'), explained.upstream.url)
    const { connection, host, 'content-length': length, ...sentHeaders } = sent?.headers ?? {}
    t.same(Object.keys(sentHeaders).sort(), Object.keys(explained.upstream.headers).sort())
    t.equal(reply.headers.get('x-router-adjusted') ?? '', explained.adjusted.join(', '))
    t.equal(reply.headers.get('x-router-dropped') ?? '', explained.dropped.join(', '))
  }
  t.notMatch(JSON.stringify(log), /canary/)
})

t.test('the log names a rule that asks for a header, and not what the header says', async t => {
  const { headers, body: { stream: _, ...body } } = mainLoop()
  const own = { ...headers, 'x-user-email': 'ann@corp.example' }
  t.match((await explain({ request: body, headers: own })).json, { rule: 'rules.of-ann', reason: /^header x-user-email is ann@corp\.example and / }, 'it is told to who asks')
  const linesOf = async (headers: Record<string, string>): Promise<Record<string, unknown>> => {
    const before = log.length
    const reply = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { ...headers, authorization: 'Bearer canary-gateway-key' }, body: JSON.stringify(body) })
    t.equal(reply.status, 200, await reply.text())
    const line = (): Record<string, unknown> | undefined => log.slice(before).find(({ route }) => route === '/v1/messages')
    while (line() === undefined) await new Promise(resolve => setImmediate(resolve))
    return line() ?? {}
  }
  const line = await linesOf(own)
  t.match(line, { provider: 'chat', rule: 'rules.of-ann', status: 200 })
  t.notOk('reason' in line)
  t.notMatch(JSON.stringify(log), /corp\.example/)
  t.match(await linesOf(headers), { rule: 'default', reason: 'no other rule applies' }, 'the reasons of other rules are of the house')
})

t.test('a page is told as it was asked', async t => {
  const reply = await fetch(`${url}/api/route`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': 'canary-gateway-key' }, body: JSON.stringify(mainLoop().body) })
  t.equal(reply.status, 200)
  await reply.text()
  while (log.at(-1)?.['route'] !== '/api/route') await new Promise(resolve => setImmediate(resolve))
  t.match(log.at(-1), { method: 'POST', route: '/api/route', status: 200 })
})
