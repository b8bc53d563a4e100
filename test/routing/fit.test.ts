import t from 'tap'
import { UNSEEN_IMAGE } from '../../src/message/without-images.ts'
import type { Target, Wire } from '../../src/provider.ts'
import { type Adjustment, adjust } from '../../src/routing/adjust.ts'
import { fit } from '../../src/routing/fit.ts'
import type { Route } from '../../src/routing/route.ts'
import { pick } from '../../src/routing/weights.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import { type ClientRequest, HAIKU, generalPurpose, longConversation, mainLoop, picture, png, taggedAgent, title, toolLoop, withPrompt, withResult, withoutThinking } from '../helper/claude-code-requests.ts'
import { AS_ESTIMATED, load, provider, routeOf, traitsOf } from './configurations.ts'

const Providers = [provider(['plain', 'blind', 'seeing', 'blind-long', 'tiny', 'narrow', 'short', 'long', 'longer', 'handless', 'thoughtless', 'modest', 'two'], {
  capabilities: {
    blind: { vision: false },
    'blind-long': { vision: false, contextWindow: 500_000 },
    seeing: { vision: true },
    tiny: { contextWindow: 1_000 },
    narrow: { contextWindow: 60_000, vision: true },
    short: { contextWindow: 60_000, maxOutput: 8_000 },
    long: { contextWindow: 500_000 },
    longer: { contextWindow: 1_000_000 },
    handless: { tools: false },
    thoughtless: { thinking: false },
    modest: { maxOutput: 16_000 }
  }
})]

async function routed (request: ClientRequest, Router: Record<string, unknown>, fallback: object = {}): Promise<Route> {
  const document = { Providers, Router: Object.fromEntries(Object.entries(Router).map(([key, value]) => [key, typeof value === 'string' ? `p,${value}` : value])), fallback }
  return routeOf(request, (await load(document)).router)
}

const names = (targets: readonly Target[]): string[] => targets.map(({ model }) => model)

t.test('a picture goes to a model that can see', async t => {
  const tools = { rules: [{ name: 'all', when: { toolCount: { gt: 0 } }, use: 'p,blind' }] }
  const route = await routed(picture(), { default: 'plain', image: 'seeing', ...tools })
  t.match(route, { rule: 'image', reason: 'the last turn holds an image, which p,blind cannot see, whom rules.all chose' })
  t.same(names(route.targets), ['seeing'])
  t.equal((await routed(picture(), { default: 'plain', image: 'seeing', rules: [{ ...tools.rules[0], use: 'p,plain' }] })).rule, 'rules.all', 'whether it sees is not known')
  t.equal((await routed(picture(), { default: 'plain', image: 'blind', ...tools })).rule, 'rules.all', 'the other cannot see either')
  t.equal((await routed(picture(), { default: 'plain', ...tools })).rule, 'rules.all', 'there is no other')
  t.equal((await routed(withPrompt(picture(), 'Now the code.'), { default: 'plain', image: 'seeing', ...tools })).rule, 'rules.all', 'an earlier one')
  t.equal((await routed(mainLoop({ model: 'p,blind' }), { default: 'plain', image: 'seeing' })).rule, 'explicit')
  t.equal((await routed(picture(100, { model: 'p,blind' }), { default: 'plain', image: 'seeing' })).rule, 'image', 'though the user named the model')
})

t.test('what does not fit goes to the long context', async t => {
  const route = await routed(mainLoop(), { default: 'narrow', longContext: 'long' })
  t.equal(route.rule, 'longContext')
  t.match(route.reason, /^the prompt \(about \d+ tokens\) and its answer \(64000\) do not fit into the 60000 of p,narrow, whom default chose$/)
  t.same(names(route.targets), ['long'])
  t.equal((await routed(mainLoop(), { default: 'short', longContext: 'long' })).rule, 'default', 'the answer is lowered to 8,000, and fits')
  t.equal((await routed(longConversation(40_000), { default: 'short', longContext: 'long' })).rule, 'longContext')
  t.equal((await routed(mainLoop(), { default: 'narrow' })).rule, 'default', 'there is none')
  t.equal((await routed(mainLoop(), { default: 'plain', longContext: 'long' })).rule, 'default', 'the window is not known')
  t.equal((await routed(mainLoop(), { default: 'narrow', longContext: 'plain' })).rule, 'longContext', 'of a window that is not known the best is hoped')
  t.equal((await routed(mainLoop(), { default: 'narrow', longContext: 'short' })).rule, 'default', 'it is no longer')
  t.equal((await routed(mainLoop(), { default: 'narrow', longContext: 'narrow' })).rule, 'default', 'it is the same')
  t.equal((await routed(longConversation(20_000, { model: 'p,narrow' }), { default: 'plain', longContext: 'long' })).rule, 'longContext', 'though the user named the model')
})

t.test('a picture stays with the model for pictures while the prompt fits, and always with those who see', async t => {
  t.match(await routed(picture(), { default: 'plain', image: 'narrow', longContext: 'long' }), { rule: 'image' }, 'if need be for a shorter answer')
  t.match(await routed(picture(), { default: 'plain', image: 'tiny', longContext: 'long' }), { rule: 'longContext' })
  const route = await routed(picture(), { default: 'plain', image: 'tiny', longContext: 'blind-long' })
  t.equal(route.rule, 'image')
  t.same(names(route.overflow), ['blind-long'], 'who gets it only where it turns out to be too long')
})

t.test('those that would surely fail are left out', async t => {
  const fallback = { default: ['p,handless', 'p,tiny', 'p,plain'] }
  t.same(names((await routed(mainLoop(), { default: 'long' }, fallback)).targets), ['long', 'plain'])
  t.same(names((await routed(title(), { default: 'long' }, fallback)).targets), ['long', 'handless', 'tiny', 'plain'], 'without tools, and small')
  t.same(names((await routed(mainLoop(), { default: 'handless' })).targets), ['handless'], 'not the only one')
  t.same(names((await routed(mainLoop(), { default: 'handless' }, { default: ['p,tiny'] })).targets), ['handless', 'tiny'], 'not all of them')
})

t.test('what turns out to be too long goes to the long context, its fallbacks among them', async t => {
  const fallback = { longContext: ['p,longer', 'p,plain'] }
  const route = await routed(mainLoop(), { default: 'plain', longContext: 'long' }, fallback)
  t.same(names(route.overflow), ['long', 'longer'], 'but not who was asked already')
  const long = await routed(longConversation(70_000), { default: 'plain', longContext: 'long' }, fallback)
  t.same([names(long.targets), names(long.overflow)], [['long', 'longer', 'plain'], []])
  t.same((await routed(mainLoop(), { default: 'plain' })).overflow, [])
})

const config = await load({ Providers, Router: { default: 'p,plain' } })

function adjusted ({ headers, body }: ClientRequest, model: string, prompt?: string): Adjustment & { request: MessagesRequest } {
  const target = config.router.find(`p,${model}`)
  if (target === undefined) throw new Error(`there is no ${model}`)
  const before = structuredClone(body)
  const adjustment = adjust(body, target, traitsOf({ headers, body }), prompt)
  t.strictSame(body, before, 'the request itself is not changed')
  return { ...adjustment, request: { ...body, ...adjustment.members } }
}

t.test('a request that every model can take is not changed', async t => {
  for (const request of [mainLoop(), picture(), title()]) t.match(adjusted(request, 'plain'), { members: null, told: [], dropped: [] })
  t.match(adjusted(mainLoop(), 'blind'), { members: null })
  t.match(adjusted(withoutThinking(), 'thoughtless'), { members: null })
  t.match(adjusted(generalPurpose(), 'thoughtless'), { members: null })
})

t.test('max_tokens is lowered, and with it a budget that would leave nothing', async t => {
  t.strictSame(adjusted(mainLoop(), 'modest').told, ['max_tokens 64000 to 16000'])
  t.match(adjusted(mainLoop(), 'modest').request, { max_tokens: 16000, thinking: { type: 'adaptive' } })
  t.match(adjusted(mainLoop({ model: HAIKU }), 'modest').members, { max_tokens: 16000, thinking: { type: 'enabled', budget_tokens: 12800 } })
  const small = mainLoop({ model: HAIKU })
  small.body.thinking = { type: 'enabled', budget_tokens: 5000 }
  t.strictSame(adjusted(small, 'modest').members, { max_tokens: 16000 }, 'a budget that fits stays')
  small.body.max_tokens = 16000
  t.equal(adjusted(small, 'modest').members, null)

  const request = mainLoop({ model: HAIKU })
  const modest = config.router.find('p,modest') as Target
  const unlimited = (body: MessagesRequest): Adjustment => adjust(body, modest, traitsOf({ ...request, body }), undefined, false)
  t.match(unlimited(mainLoop().body), { members: { max_tokens: 16000 }, told: [] }, 'a limit that the client did not set is not told')
  t.strictSame(unlimited(request.body).told, ['thinking budget 31999 to 12800'], 'but the budget is')
})

t.test('a budget that would fall under the least that Anthropic takes is none', async t => {
  const request = mainLoop({ model: HAIKU })
  const target = config.router.default[0]
  const of = (maxOutput: number, body = request.body): Adjustment => adjust(body, { ...target, capabilities: { maxOutput } }, traitsOf({ ...request, body }), undefined)
  t.match(of(1280), { members: { max_tokens: 1280, thinking: { type: 'enabled', budget_tokens: 1024 } }, told: ['max_tokens 32000 to 1280'] })
  const { members, told } = of(1279)
  t.strictSame([members, told], [{ max_tokens: 1279, thinking: { type: 'disabled' }, context_management: { edits: [] } }, ['max_tokens 32000 to 1279', 'thinking off']])
  t.strictSame(of(1000, mainLoop().body).told, ['max_tokens 64000 to 1000'], 'without a budget none falls')
  t.strictSame(of(1500, { ...request.body, thinking: { type: 'enabled', budget_tokens: 1024 } }).members, { max_tokens: 1500 }, 'one that fits stays')
})

const LONG_CONTEXT = { 'anthropic-beta': 'claude-code-20250219,context-1m-2025-08-07,interleaved-thinking-2025-05-14' }

/** A Claude of the usual window, at a provider of some wire, and a longer model behind it. */
async function claudeAt (wire: Wire, capabilities: object = {}, model = 'claude-sonnet-4-5'): Promise<{ target: Target, ask: (request: ClientRequest) => Route }> {
  const { router } = await load({ Providers: [provider([model, 'longer'], { capabilities: { longer: { contextWindow: 2_000_000 }, ...capabilities } })], Router: { default: `p,${model}`, longContext: 'p,longer' } })
  const [found] = router.default
  const target = { ...found, provider: { ...found.provider, pair: { ...found.provider.pair, wire }, facts: { contextWindows: new Map<string, number>() } } }
  const [long] = router.longContext ?? []
  if (long === undefined) throw new Error('there is no long context')
  return { target, ask: request => fit({ rule: 'default', reason: '', targets: [target, long] }, traitsOf(request), router, AS_ESTIMATED) }
}

const long = (headers: Record<string, string | string[]> = LONG_CONTEXT, tokens = 190_000): ClientRequest => {
  const request = longConversation(tokens)
  return { ...request, headers: { ...request.headers, 'anthropic-beta': '', ...headers } as ClientRequest['headers'] }
}

t.test('with the beta of long contexts a Claude at Anthropic has the longer window', async t => {
  const { target, ask } = await claudeAt('anthropic')
  t.match(ask(long({})), { rule: 'longContext' }, 'not without it')
  t.match(ask(long({ 'anthropic-beta': 'interleaved-thinking-2025-05-14,no-context-1m-2025' })), { rule: 'longContext' })
  const route = ask(long())
  t.equal(route.rule, 'default')
  t.same(names(route.targets), ['claude-sonnet-4-5', 'longer'])
  t.same(names(ask(long(LONG_CONTEXT, 400_000)).targets), ['claude-sonnet-4-5', 'longer'], 'nor is it passed over')
  t.equal(ask(long({ 'anthropic-beta': 'context-1m-2026-01-01' })).rule, 'default', 'whatever its date')
  t.equal(ask(long({ 'anthropic-beta': ['a', 'b, context-1m-2025-08-07'] })).rule, 'default', 'in any of several headers')
  t.equal(ask(long(LONG_CONTEXT, 1_100_000)).rule, 'longContext', 'it has an end, too')

  const adjustedTo = (request: ClientRequest): number | undefined => adjust({ ...request.body, max_tokens: 60_000 }, target, traitsOf(request), undefined).members?.max_tokens
  t.ok((adjustedTo(long({}, 150_000)) ?? Infinity) < 60_000)
  t.equal(adjustedTo(long(LONG_CONTEXT, 150_000)), undefined, 'the answer is not cut to the shorter window')
})

t.test('not at other wires, nor where configuration or server tell the window, nor for those of another', async t => {
  t.equal((await claudeAt('openai')).ask(long()).rule, 'longContext')
  t.equal((await claudeAt('anthropic', { 'claude-*': { contextWindow: 200_000 } })).ask(long()).rule, 'longContext')
  t.equal((await claudeAt('anthropic', { 'claude-*': { maxOutput: 10_000 } })).ask(long()).rule, 'default', 'what else is configured does not count')
  const told = await claudeAt('anthropic')
  told.target.provider.facts.contextWindows = new Map([['claude-sonnet-4-5', 200_000]])
  t.equal(told.ask(long()).rule, 'longContext')
  t.equal((await claudeAt('anthropic', {}, 'o3-mini')).ask(long()).rule, 'longContext')
})

t.test('an answer is asked to be no longer than the context window leaves', async t => {
  const { members, told } = adjusted(mainLoop(), 'narrow')
  const limit = members?.max_tokens ?? 0
  const prompt = traitsOf(mainLoop()).promptTokens
  t.ok(limit < 60_000 - prompt && limit > 60_000 - prompt * 1.2, `${limit} beside ${prompt}`)
  t.strictSame(told, [`max_tokens 64000 to ${limit}`])
  t.equal(adjusted(mainLoop(), 'tiny').members, null, 'a prompt that does not fit is for the provider to judge')
})

t.test('thinking is off where a model has none', async t => {
  for (const request of [mainLoop(), mainLoop({ model: HAIKU })]) {
    const { members, told } = adjusted(request, 'thoughtless')
    t.strictSame([members, told], [{ thinking: { type: 'disabled' }, context_management: { edits: [] } }, ['thinking off']])
  }
})

t.test('a model without eyes gets a placeholder for every picture, and the loss is told where it is of this turn', async t => {
  const both = withResult(picture(), [png(100)], [png(100)])
  const { members, told, dropped } = adjusted(both, 'blind')
  t.strictSame([Object.keys(members ?? {}), told, dropped], [['messages'], ['3 images as placeholders'], ['messages.image']])
  const text = JSON.stringify(members?.messages)
  t.equal(text.split(UNSEEN_IMAGE).length - 1, 3)
  t.notMatch(text, /base64/)
  t.match(adjusted(withPrompt(picture(), 'Now the code.'), 'blind'), { told: ['1 image as placeholders'], dropped: [] }, 'earlier ones alone are no loss')
  t.match(adjusted(picture(), 'seeing'), { members: null })
  const report = withResult(mainLoop(), [{ type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'Page 1' }, png(100)] } }])
  const blind = adjusted(report, 'blind')
  t.match(blind, { told: ['1 image as placeholders'], dropped: ['messages.image'] }, 'in a document made of blocks, too')
  t.notMatch(JSON.stringify(blind.request.messages), /base64/)
})

t.test('the tag of an agent does not reach the model', async t => {
  const { members, told } = adjusted(taggedAgent('p,plain'), 'plain')
  t.strictSame([Object.keys(members ?? {}), told], [['system'], []])
  t.match(members?.system, [{ text: /cc_is_subagent/ }, { text: /^You are/ }, { text: /^\nYou review code\./ }])
  t.notMatch(JSON.stringify(members), /CCR-SUBAGENT/)
})

t.test('a system prompt of one\'s own stands up to the environment, and not in agents', async t => {
  const { members, told } = adjusted(toolLoop(), 'plain', 'Be brief.\n')
  t.strictSame(told, ['system prompt replaced'])
  t.match(members?.system, [{ text: /^x-anthropic-billing-header/ }, { text: /^You are a Claude agent/ }, { text: /^Be brief\.\n# Environment\nYou have been/, cache_control: { type: 'ephemeral' } }])
  const agent = adjusted(taggedAgent('p,plain'), 'plain', 'Be brief.')
  t.strictSame(agent.told, [])
  t.notMatch(JSON.stringify(agent.members), /Be brief|CCR-SUBAGENT/)
  t.match(adjusted(generalPurpose(), 'plain', 'Be brief.'), { members: null })
  t.match(adjusted(title(), 'plain', 'Be brief.'), { members: null, told: [] }, 'a prompt without an environment')
})

t.test('everything at once', async t => {
  const request = picture(100, { model: HAIKU })
  const target = { ...config.router.default[0], capabilities: { vision: false, thinking: false, maxOutput: 4_000 } }
  const { members, told } = adjust(request.body, target, traitsOf(request), 'Be brief.')
  t.strictSame(told, ['max_tokens 32000 to 4000', 'thinking off', '1 image as placeholders', 'system prompt replaced'])
  t.match(members, { max_tokens: 4_000, thinking: { type: 'disabled' } })
})

const [one, two, none] = ['plain', 'two', 'long'].map(model => config.router.find(`p,${model}`)) as [Target, Target, Target]
const use = [{ targets: [one], weight: 1 }, { targets: [none], weight: 0 }, { targets: [two], weight: 3 }] as const
const inSession = (session: string, prompt?: string): ReturnType<typeof traitsOf> => traitsOf({ headers: { 'x-session-id': session }, body: { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: prompt ?? 'Hi' }] } })

t.test('weights are shares of the sessions', async t => {
  const counts = new Map<string, number>()
  for (let i = 0; i < 10_000; i++) {
    const { targets } = pick(use, inSession(`session-${i}`), 'canary', 'it holds')
    const name = targets?.[0].model ?? 'nobody'
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  t.strictSame([...counts.keys()].sort(), ['plain', 'two'], 'none of weight 0')
  t.ok(Math.abs((counts.get('plain') ?? 0) - 2_500) < 200, `${counts.get('plain')} of 10,000`)
})

t.test('a session stays with what it got, whatever it asks', async t => {
  const chosen = (session: string, rule = 'canary', prompt?: string): string | undefined => pick(use, inSession(session, prompt), rule, 'it holds').targets?.[0].model
  for (let i = 0; i < 50; i++) t.equal(chosen(`s${i}`, 'canary', 'another prompt'), chosen(`s${i}`))
  t.ok(Array.from({ length: 50 }, (_, i) => chosen(`s${i}`, 'other') !== chosen(`s${i}`)).includes(true), 'another rule deals anew')
  // Replicas must agree, and a session must not move with an update of the gateway.
  t.strictSame(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(session => chosen(session)), ['two', 'two', 'plain', 'two', 'two', 'two', 'two', 'two'])
  const single = pick([{ targets: [two], weight: 1 }], inSession('a'), 'canary', 'it holds')
  t.strictSame(single, { targets: [two], why: 'it holds' })
  t.match(pick(use, inSession('a'), 'canary', 'it holds').why, /^it holds; [13] of 4 go to p,(plain|two)$/)
  const unnamed = (prompt: string): string | undefined => pick(use, traitsOf({ headers: {}, body: { model: 'm', max_tokens: 1, messages: [{ role: 'user', content: prompt }] } }), 'canary', '').targets?.[0].model
  t.equal(new Set(Array.from({ length: 50 }, (_, i) => unnamed(`prompt ${i}`))).size, 2, 'without a session the conversation is what counts')
})

t.test('a rule with weights, through the configuration', async t => {
  const rules = [{ name: 'canary', when: { tier: 'opus' }, use: [{ to: 'p,two' }, { to: 'p,long', weight: 0 }, { to: 'p,blind', weight: 0 }] }]
  const route = await routed(mainLoop(), { default: 'plain', rules })
  t.match(route, { rule: 'rules.canary', reason: 'tier is opus; 1 of 1 go to p,two' })
  t.same(names(route.targets), ['two'])
})

t.test('what the configuration says of a model stands above what is known, and what its server says of its window between', async t => {
  const { router, providers } = await load({
    Providers: [provider(['qwen3-coder:30b', 'Qwen3-VL', 'glm-4.6', 'x/y'], { capabilities: { 'QWEN3-*': { vision: true, contextWindow: 32_000 }, 'glm-4.6': { maxOutput: 100 }, '*': { tools: false } } })],
    Router: { default: 'p,x/y' }
  })
  const of = (model: string): object => ({ ...router.find(`p,${model}`)?.capabilities })
  t.strictSame(of('qwen3-coder:30b'), { vision: true, tools: true, thinking: false, contextWindow: 32_000 })
  t.strictSame(of('glm-4.6'), { vision: false, tools: true, thinking: true, maxOutput: 100, contextWindow: 204_800 })
  t.strictSame(of('x/y'), { tools: false, contextWindow: undefined }, 'a glob goes over slashes')
  const facts = providers.get('p')?.get('x/y')?.provider.facts
  if (facts !== undefined) facts.contextWindows = new Map([['glm-4.6', 50_000], ['qwen3-coder:30b', 50_000], ['x/y', 50_000]])
  t.match([of('qwen3-coder:30b'), of('glm-4.6'), of('x/y')], [{ contextWindow: 32_000 }, { contextWindow: 50_000 }, { contextWindow: 50_000 }])
})
