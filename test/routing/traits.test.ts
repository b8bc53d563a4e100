import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { PromptSizes } from '../../src/routing/prompt-sizes.ts'
import type { RequestTraits } from '../../src/routing/traits.ts'
import type { ContentBlock, Usage } from '../../src/wire/anthropic.ts'
import { readyApp } from '../helper/app.ts'
import {
  AGENT, type ClientRequest, HAIKU, KINDS, SESSION, compaction, explore, generalPurpose, longConversation, mainLoop, pdf, picture, plan, png, subagentOf, title, toolLoop, ultrathink, webSearch, withPrompt,
  withResult, words
} from '../helper/claude-code-requests.ts'
import { provider, traitsOf } from './configurations.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const { app } = await readyApp(t, {
  config: {
    LOG_LEVEL: 'silent',
    Providers: [provider(['small', 'large', 'window', 'again'], { capabilities: { window: { contextWindow: 100_000 } } })],
    Router: { default: 'p,small', longContext: 'p,large' }
  }
})

t.test('the traits of the main loop', async t => {
  const { headers, ...traits } = traitsOf(mainLoop(), 'ann')
  t.equal(headers['x-app'], 'cli')
  t.strictSame({ ...traits, estimate: 0, promptTokens: 0, conversation: '', tools: traits.tools.length }, {
    key: 'ann',
    model: 'claude-opus-4-8',
    tier: 'opus',
    session: SESSION,
    agent: undefined,
    parentAgent: undefined,
    subagent: false,
    auxiliary: false,
    thinking: 'adaptive',
    budget: undefined,
    effort: 'high',
    ultrathink: false,
    images: 0,
    earlierImages: 0,
    documents: 0,
    tools: 24,
    toolTypes: [],
    structuredOutput: false,
    stream: true,
    maxTokens: 64000,
    estimate: 0,
    promptTokens: 0,
    conversation: '',
    subagentTag: undefined
  })
  t.equal(traits.promptTokens, traits.estimate)
})

t.test('the tier is in the name, whoever stands before it', async t => {
  const tiers: Record<string, string> = {
    'claude-opus-4-8': 'opus',
    'openrouter,anthropic/claude-sonnet-4.5': 'sonnet',
    'us.anthropic.CLAUDE-HAIKU-4-5-v1:0': 'haiku',
    'claude-fable-5': 'fable',
    'gpt-5': 'other',
    '': 'other'
  }
  for (const [model, tier] of Object.entries(tiers)) t.equal(traitsOf(mainLoop({ model })).tier, tier, model)
})

function session (headers: Record<string, string>, user?: string | null): string | undefined {
  const request = { headers, body: { ...mainLoop().body, metadata: user === undefined ? null : { user_id: user } } }
  return traitsOf(request).session
}

t.test('the session is told by the header, then by the metadata, then by another header', async t => {
  const json = JSON.stringify({ device_id: 'd', account_uuid: '', session_id: 'from-json' })
  const legacy = 'user_abc_account_def_session_from-legacy'
  t.equal(session({ 'x-claude-code-session-id': 'from-header', 'x-session-id': 'from-other' }, json), 'from-header')
  t.equal(session({ 'x-session-id': 'from-other' }, json), 'from-json')
  t.equal(session({ 'x-session-id': 'from-other' }, legacy), 'from-legacy')
  for (const user of [undefined, null, '', 'someone', '{}', '{"session_id":""}', '{"session_id":7}', '{broken', 'user_session_']) t.equal(session({ 'x-session-id': 'from-other' }, user), 'from-other', String(user))
  t.equal(session({ 'x-claude-code-session-id': '' }, 'someone'), undefined)
})

t.test('who asks', async t => {
  t.match(traitsOf(explore()), { subagent: true, agent: AGENT, parentAgent: undefined, tier: 'haiku', thinking: 'disabled', effort: undefined, maxTokens: 32000 })
  t.match(traitsOf(plan()), { subagent: true, tier: 'opus', effort: 'high' })
  t.match(traitsOf(subagentOf('local')), { subagent: true, thinking: 'none' })
  const named = explore()
  named.headers['x-claude-code-parent-agent-id'] = 'b1'
  t.equal(traitsOf(named).parentAgent, 'b1')
  const { body } = generalPurpose()
  t.match(traitsOf({ headers: {}, body }), { subagent: true, agent: undefined }, 'by the attribution alone')
  t.equal(traitsOf({ headers: mainLoop().headers, body: { ...body, system: mainLoop().body.system ?? [] } }).subagent, false)
  t.equal(traitsOf({ headers: {}, body: { ...body, system: 'cc_is_subagent=true' } }).subagent, false, 'not by a prompt that speaks of it')
})

t.test('what is asked for', async t => {
  t.match(traitsOf(title()), { auxiliary: true, structuredOutput: true, tools: [] })
  t.match(traitsOf(webSearch()), { auxiliary: false, toolTypes: ['web_search_20250305'], tools: ['web_search'] })
  t.match(traitsOf(mainLoop({ model: HAIKU })), { thinking: 'enabled', budget: 31999, effort: undefined, maxTokens: 32000 })
  t.match(traitsOf(KINDS['count by a request']()), { thinking: 'none', stream: false, maxTokens: 1, tools: [], toolTypes: [] })
  const { body } = mainLoop()
  t.match(traitsOf({ headers: {}, body: { ...body, thinking: null, output_config: { effort: null, format: null }, tools: [{ type: 'custom', name: 'a' }, { type: null, name: 'b' }] } }), { thinking: 'none', effort: undefined, structuredOutput: false, tools: ['a', 'b'], toolTypes: [] })
})

t.test('pictures and documents', async t => {
  t.match(traitsOf(picture()), { images: 1, earlierImages: 0, documents: 0 })
  t.match(traitsOf(pdf()), { images: 0, documents: 1 })
  t.match(traitsOf(withPrompt(pdf(), 'And now?')), { documents: 1 }, 'in an earlier turn, too')
  const again = withResult(picture(), [png(100), { type: 'text', text: 'two' }, png(100)], [png(100)])
  t.match(traitsOf(again), { images: 3, earlierImages: 1 })
  t.match(traitsOf(withPrompt(again, 'And now?')), { images: 0, earlierImages: 4 })
  const document: ContentBlock = { type: 'document', source: { type: 'text', data: 'A page.' } }
  t.match(traitsOf(withResult(mainLoop(), [document])), { documents: 1 })
})

t.test('pictures in documents made of blocks count, too', async t => {
  const document = (content: string | ContentBlock[]): ContentBlock => ({ type: 'document', source: { type: 'content', content } })
  const report = document([{ type: 'text', text: 'Page 1' }, png(100), png(100)])
  const asked = mainLoop()
  asked.body.messages.push({ role: 'user', content: [report] })
  t.match(traitsOf(asked), { images: 2, earlierImages: 0, documents: 1 })
  t.match(traitsOf(withResult(mainLoop(), [png(100), report])), { images: 3, documents: 1 })
  t.match(traitsOf(withPrompt(withResult(mainLoop(), [report]), 'And now?')), { images: 0, earlierImages: 2, documents: 1 })
  t.match(traitsOf(withResult(mainLoop(), [document('A page.'), document([])])), { images: 0, documents: 2 })
})

t.test('ids are kept, so no more of them than a certain length', async t => {
  const long = (sign: string): string => sign.repeat(5_000_000)
  const user = JSON.stringify({ device_id: 'd', session_id: long('s') })
  const headers = { 'x-claude-code-agent-id': long('a'), 'x-claude-code-parent-agent-id': long('p') }
  const traits = traitsOf({ headers, body: { ...mainLoop().body, metadata: { user_id: user } } })
  t.strictSame([traits.session, traits.agent, traits.parentAgent], ['s'.repeat(256), 'a'.repeat(256), 'p'.repeat(256)])
  t.ok(traits.conversation.length < 600)
  t.equal(session({}, `user_session_${long('x')}`), 'x'.repeat(256))
  t.equal(session({ 'x-session-id': long('h') }), 'h'.repeat(256))
  t.equal(session({ 'x-session-id': 'é'.repeat(256) }), 'é'.repeat(256))
})

t.test('nor do they hold on to the text that they were cut from', async t => {
  const sizes = new PromptSizes()
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 60; i++) {
    const body = { ...mainLoop().body, metadata: { user_id: `user_session_${String(i).padStart(4, '0')}${'x'.repeat(5_000_000)}` } }
    sizes.learn(traitsOf({ headers: {}, body: JSON.parse(JSON.stringify(body)) as typeof body }).conversation, 1000, 1000)
  }
  collect()
  const kept = process.memoryUsage().heapUsed - before
  t.ok(kept < 100_000_000, `${kept} bytes of 300 MB`)
})

t.test('a picture counts by its pixels, a text by its words', async t => {
  const bare = traitsOf(withResult(mainLoop(), '')).estimate
  const of = (request: ClientRequest): number => traitsOf(request).estimate - bare
  t.equal(of(picture(225_000)), of(picture(2_000)), 'whatever its bytes')
  t.ok(of(picture(225_000)) > 1000 && of(picture(225_000)) <= 1600)
  t.ok(Math.abs(of(longConversation(70_000)) - 70_000) < 3_500, `${of(longConversation(70_000))} for 70,000`)
})

t.test('the last real size of a conversation', async t => {
  const sizes = new PromptSizes()
  t.equal(sizes.last('a', 1000), 0)
  sizes.learn('a', 1000, 1500)
  t.equal(sizes.last('a', 1000), 1500)
  t.equal(sizes.last('a', 5000), 1500, 'it has grown')
  t.equal(sizes.last('a', 900), 1500)
  t.equal(sizes.last('a', 899), 0, 'it was compacted')
  t.equal(sizes.last('b', 1000), 0, 'another')
  sizes.learn('a', 2000, 0)
  t.equal(sizes.last('a', 2000), 1500, 'an upstream that counts nothing tells nothing')
  for (let i = 0; i < 9_999; i++) sizes.learn(`c${i}`, 1, 1)
  t.equal(sizes.last('a', 1000), 1500)
  sizes.learn('a', 1000, 1600)
  sizes.learn('one more', 1, 1)
  t.equal(sizes.last('a', 1000), 1600, 'whoever spoke last is remembered longest')
  t.equal(sizes.last('c0', 1), 0)
})

t.test('a schema of the answer', async t => {
  const of = (format: unknown): { auxiliary: boolean, structuredOutput: boolean } => {
    const { body } = title()
    return traitsOf({ headers: {}, body: { ...body, output_config: { effort: 'high', format } as never } })
  }
  const schema = (properties: unknown): object => ({ type: 'json_schema', schema: { type: 'object', properties } })
  const text = { type: 'string' }
  t.match(of(schema({ title: text })), { auxiliary: true, structuredOutput: true })
  for (const format of [schema({ title: text, priority: text }), schema({ name: text }), schema({}), schema(undefined), { type: 'json_schema', schema: null }, { type: 'json_schema' }]) {
    t.match(of(format), { auxiliary: false, structuredOutput: true }, JSON.stringify(format))
  }
  t.match(of({ type: 'other' }), { auxiliary: false, structuredOutput: false })
  const { body } = title()
  t.equal(traitsOf({ headers: {}, body: { ...body, thinking: { type: 'adaptive' } } }).auxiliary, false, 'no thinking for a title')
  t.equal(traitsOf({ headers: {}, body: { ...body, tools: mainLoop().body.tools ?? [] } }).auxiliary, false)
})

t.test('a format without its schema is refused with the name of the field, as Anthropic does', async t => {
  for (const [format, field] of [[{ type: 'json_schema' }, /^output_config\.format\.schema: Field required/], [{ type: 'json_schema', schema: 7 }, /^output_config\.format\.schema: Input should be a valid object/]] as const) {
    for (const url of ['/v1/messages', '/v1/messages/count_tokens', '/api/route']) {
      const answer = await app.inject({ method: 'POST', url, payload: { ...title().body, output_config: { format } } })
      t.equal(answer.statusCode, 400, url)
      t.match(answer.json(), { error: { type: 'invalid_request_error', message: field } })
    }
  }
  for (const config of [null, { format: null }, { format: { type: 'new' } }, { effort: 'low' }]) {
    t.equal((await app.inject({ method: 'POST', url: '/api/route', payload: { ...title().body, output_config: config } })).statusCode, 200, JSON.stringify(config))
  }
})

async function route ({ headers, body }: ClientRequest): Promise<{ traits: RequestTraits, rule: string }> {
  const { traits, route } = await app.router.route(body, { headers, key: undefined }, '/v1/messages')
  return { traits, rule: route.rule }
}

const usage = (input: number, read = 0, created = 0): Usage => ({ input_tokens: input, output_tokens: 5, cache_read_input_tokens: read, cache_creation_input_tokens: created })

function targetOf (model: string): Parameters<typeof app.router.tokensFor>[0] {
  const target = app.config.current.router.find(`p,${model}`)
  if (target === undefined) throw new Error(`there is no ${model}`)
  return target
}

t.test('the threshold goes by what the provider counted last, cached tokens included', async t => {
  const first = await route(mainLoop())
  t.equal(first.rule, 'default')
  app.router.learn(first.traits, targetOf('again'), usage(1_000, 50_000, 15_000))
  t.match(await route(toolLoop()), { rule: 'longContext', traits: { promptTokens: 66_000 } }, 'its next request')
  t.match(await route(compaction()), { rule: 'longContext' }, 'the request to compact it')

  t.match(await route(mainLoop({ session: 'another' })), { rule: 'default' }, 'another session')
  t.match(await route(mainLoop({ prompt: 'Another prompt, after /clear.' })), { rule: 'default' }, 'another conversation of the session')
  t.match(await route(title()), { rule: 'default' }, 'its title')
  t.match(await route(generalPurpose()), { rule: 'default' }, 'an agent of the session')
  const agent = mainLoop()
  agent.headers['x-claude-code-agent-id'] = 'a1'
  t.match(await route(agent), { rule: 'default' }, 'an agent with the same prompt')
  const compacted = toolLoop()
  compacted.body.messages = [{ role: 'user', content: [{ type: 'text', text: 'This session is being continued from a previous conversation.' }] }]
  t.match(await route(compacted), { rule: 'default' }, 'what it was compacted to')
})

t.test('a conversation that shrank does not keep its size, though it began the same', async t => {
  const grown = await route(longConversation(50_000, { session: 'shrinking' }))
  app.router.learn(grown.traits, targetOf('again'), usage(80_000))
  t.equal((await route(withPrompt(longConversation(50_000, { session: 'shrinking' }), 'Go on.'))).rule, 'longContext')
  t.equal((await route(mainLoop({ session: 'shrinking' }))).rule, 'default')
})

t.test('the same prompt as a string is the same conversation', async t => {
  const begin = (content: string | ContentBlock[]): ClientRequest => ({ headers: { 'x-session-id': 's' }, body: { ...mainLoop().body, metadata: null, messages: [{ role: 'user', content }] } })
  const { traits } = await route(begin([{ type: 'text', text: 'Hello there.' }]))
  app.router.learn(traits, targetOf('again'), usage(70_000))
  t.equal((await route(begin('Hello there.'))).rule, 'longContext')
  t.equal((await route(begin('Hello there!'))).rule, 'default')
})

t.test('estimates are corrected by what a model counted before', async t => {
  const target = targetOf('window')
  const traits = traitsOf(longConversation(40_000, { session: 'counting' }))
  const { estimate } = traits
  t.equal(app.router.tokensFor(target, traits), estimate)
  app.router.learn(traits, target, usage(Math.round(estimate * 1.5)))
  t.ok(Math.abs(app.router.tokensFor(target, traits) / estimate - 1.5) < 0.001, 'the first count is taken as it is')
  app.router.learn(traits, target, usage(estimate))
  t.ok(Math.abs(app.router.tokensFor(target, traits) / estimate - 1.4) < 0.001, 'a later one weighs a fifth')
  t.equal(app.router.tokensFor(targetOf('small'), traits), estimate, 'of another model it says nothing')
  t.equal(app.router.tokensFor(target, { ...traits, promptTokens: 900_000 }), 900_000, 'the last real size is the least')
  for (const [reported, factor] of [[100, 0.5], [1_000_000, 2]] as const) {
    const other = { ...target, name: `p,${reported}` }
    app.router.learn(traits, other, usage(reported))
    t.ok(Math.abs(app.router.tokensFor(other, traits) / estimate - factor) < 0.001, 'never further off than twice, or half')
  }
  const small = traitsOf(title())
  app.router.learn(small, targetOf('large'), usage(2_000))
  app.router.learn(traits, targetOf('large'), usage(0))
  t.equal(app.router.tokensFor(targetOf('large'), traits), estimate, 'small prompts, and counts of nothing, teach nothing')
})

t.test('a correction decides whether a prompt fits', async t => {
  const request = (): ClientRequest => {
    const r = mainLoop({ model: 'p,window', session: 'fitting' })
    r.body.messages.push({ role: 'user', content: words(25_000) })
    return r
  }
  const { traits } = await route(request())
  t.ok(traits.estimate + 32_000 < 100_000)
  t.equal((await route(request())).rule, 'explicit', 'after one count of 1.4 times')
  app.router.learn({ ...traits, conversation: '' }, targetOf('window'), usage(traits.estimate * 4))
  app.router.learn({ ...traits, conversation: '' }, targetOf('window'), usage(traits.estimate * 4))
  t.ok(app.router.tokensFor(targetOf('window'), traits) > 68_000)
  t.equal((await route(request())).rule, 'longContext')
})

t.test('a keyword is the user\'s, wherever the prompt stands', async t => {
  t.equal(traitsOf(ultrathink()).ultrathink, true)
  t.equal(traitsOf(ultrathink({ model: HAIKU })).ultrathink, true)
  t.equal(traitsOf(mainLoop()).ultrathink, false)
})
