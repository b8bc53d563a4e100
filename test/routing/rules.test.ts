import t from 'tap'
import type { Router } from '../../src/routing/router.ts'
import { type Given, RULES } from '../../src/routing/rules.ts'
import {
  type ClientRequest, HAIKU, KINDS, type Kind, OPUS, explore, longConversation, mainLoop, picture, plan, subagentOf, taggedAgent, toolLoop, ultrathink, webSearch, withPrompt, withResult, withoutThinking
} from '../helper/claude-code-requests.ts'
import { explainOf, load, provider, routeOf } from './configurations.ts'

const SCENARIOS = ['image', 'webSearch', 'longContext', 'background', 'think', 'opus', 'sonnet', 'haiku', 'default']
const Providers = [provider([...SCENARIOS, 'explicit', 'custom', 'own', 'second', 'subagent', 'a/b', 'c,d']), { ...provider(['m']), name: 'openrouter' }]
const every = Object.fromEntries(SCENARIOS.map(name => [name, `p,${name}`]))
const without = (...names: string[]): object => Object.fromEntries(Object.entries(every).filter(([name]) => !names.includes(name)))
const OWN_HEADER = { header: { 'x-own': 'yes' } }
const rules = [{ name: 'own', when: OWN_HEADER, use: 'p,own' }, { name: 'second', when: { header: { 'x-own': '*' } }, use: 'p,second' }]

async function routerOf (Router: object): Promise<Router> {
  return (await load({ Providers, Router })).router
}

/** A router with a key for every rule, each with a model of the rule's name; and one as most users have it. */
const all = await routerOf({ ...every, rules })
const withoutTiers = await routerOf(without('opus', 'sonnet', 'haiku'))

const EXPECTED: Record<Kind, string> = {
  'main loop': 'default',
  'main loop, Sonnet 5': 'default',
  'main loop, Fable': 'default',
  'main loop, Haiku 4.5': 'background',
  'main loop, Sonnet 4.5': 'think',
  'main loop, unknown model': 'default',
  'main loop, unknown target': 'default',
  'main loop at effort xhigh': 'think',
  'main loop at effort low': 'default',
  'main loop without thinking': 'default',
  'tool loop': 'default',
  ultrathink: 'think',
  'ultrathink, older model': 'think',
  'Explore subagent': 'background',
  'Plan subagent': 'default',
  'general-purpose subagent': 'default',
  'subagent of an unknown model': 'default',
  'inner web search': 'webSearch',
  title: 'background',
  compaction: 'default',
  'picture in the result of a tool': 'image',
  PDF: 'default',
  'count by a request': 'default'
}

const BY_TIER: Partial<Record<Kind, string>> = { 'main loop, Sonnet 5': 'sonnet', 'main loop, Fable': 'default', 'main loop, unknown model': 'default', 'main loop, unknown target': 'default', 'subagent of an unknown model': 'default' }

for (const [kind, rule] of Object.entries(EXPECTED) as [Kind, string][]) {
  t.test(`${kind} → ${rule}`, async t => {
    const { rule: fired, reason, targets } = routeOf(KINDS[kind](), withoutTiers)
    t.strictSame([fired, targets.map(({ name }) => name)], [rule, [`p,${rule}`]], reason)
    const byTier = rule === 'default' ? BY_TIER[kind] ?? 'opus' : rule
    t.equal(routeOf(KINDS[kind](), all).rule, byTier, 'where tiers have keys of their own')
  })
}

const max = (request: ClientRequest, effort = 'max'): ClientRequest => ({ ...request, body: { ...request.body, output_config: { effort } } })
const REMINDER = { type: 'text', text: '<system-reminder>\nThe keyword ultrathink asks for more.\n</system-reminder>' } as const
const CASES: [what: string, request: () => ClientRequest, rule: string][] = [
  ['effort max', () => mainLoop({ effort: 'max' }), 'think'],
  ['effort medium', () => mainLoop({ effort: 'medium' }), 'default'],
  ['thinking disabled, with the keyword', () => ({ ...ultrathink(), body: { ...ultrathink().body, thinking: { type: 'disabled' } } }), 'default'],
  ['thinking disabled, at effort xhigh', () => max(plan(), 'xhigh'), 'default'],
  ['no word of thinking, with the keyword', () => ({ ...ultrathink(), body: { ...withoutThinking().body, messages: ultrathink().body.messages } }), 'think'],
  ['the keyword in capitals, in mid-sentence', () => mainLoop({ prompt: 'Please UltraThink about it.' }), 'think'],
  ['a word that holds the keyword', () => mainLoop({ prompt: 'Open ultrathinking.md' }), 'default'],
  ['the keyword, during the tool loop of that prompt', () => withResult(withResult(ultrathink(), 'a'), 'b'), 'think'],
  ['the keyword in an earlier prompt', () => withPrompt(withResult(ultrathink(), 'a'), 'Thank you. And the tests?'), 'default'],
  ['the keyword in the next prompt', () => withPrompt(mainLoop(), 'ultrathink, please'), 'think'],
  ['the keyword beside the result of a tool', () => withResult(mainLoop(), 'a', [{ type: 'text', text: 'No: ultrathink.' }]), 'think'],
  ['the keyword in the result of a tool', () => withResult(mainLoop(), 'ultrathink'), 'default'],
  ['the keyword in a reminder', () => withResult(mainLoop(), 'a', [REMINDER]), 'default'],
  ['the keyword in a system message', () => { const r = mainLoop(); r.body.messages.push({ role: 'system', content: 'ultrathink' }); return r }, 'default'],
  ['a prompt that is a plain string', () => { const r = mainLoop(); r.body.messages = [{ role: 'user', content: 'ultrathink' }]; return r }, 'think'],
  ['a screenshot of 300 KB', () => picture(225_000), 'image'],
  ['70,000 tokens of text', () => longConversation(70_000), 'longContext'],
  ['50,000 tokens in all', () => longConversation(30_000), 'default'],
  ['a picture of the user\'s own', () => { const r = withPrompt(mainLoop(), 'And this?'); (r.body.messages.at(-1)?.content as object[]).push(...pictures()); return r }, 'image'],
  ['a picture, with a system message behind it', () => { const r = picture(); r.body.messages.push({ role: 'system', content: 'Plan mode is on.' }); return r }, 'image'],
  ['a picture in an earlier turn only', () => withPrompt(picture(), 'Now the code.'), 'default'],
  ['a picture before the last call only', () => withResult(picture(), 'a'), 'default'],
  ['an agent\'s tag', () => taggedAgent('p,subagent'), 'subagent'],
  ['an agent\'s tag with a model that holds a slash', () => taggedAgent('p,a/b'), 'subagent'],
  ['an agent\'s tag in the second block', () => { const r = taggedAgent('p,subagent'); r.body.system = (r.body.system as []).toSpliced(1, 1); return r }, 'subagent'],
  ['an agent\'s tag with an unknown model', () => taggedAgent('p,nobody'), 'default'],
  ['an agent\'s tag with an unknown provider', () => taggedAgent('nobody,m'), 'default'],
  ['provider,model', () => mainLoop({ model: 'p,explicit' }), 'explicit'],
  ['a model that holds a slash', () => mainLoop({ model: 'p,a/b' }), 'explicit'],
  ['a model that holds a comma', () => mainLoop({ model: 'p,c,d' }), 'explicit'],
  ['a subagent\'s model from the environment', () => subagentOf('p,explicit'), 'explicit'],
  ['an unknown model of a provider', () => mainLoop({ model: 'p,nobody' }), 'default'],
  ['no model behind the comma', () => mainLoop({ model: 'p,' }), 'default'],
  ['no provider before it', () => mainLoop({ model: ',explicit' }), 'default'],
  ['a bare name that is a provider\'s', () => mainLoop({ model: 'openrouter' }), 'default'],
  ['a bare name that is a model\'s', () => mainLoop({ model: 'explicit' }), 'default'],
  ['a name of JavaScript\'s own', () => mainLoop({ model: 'constructor,name' }), 'default'],
  ['a haiku of any provider', () => mainLoop({ model: 'us.anthropic.Claude-Haiku-4.5' }), 'background'],
  ['a web search of another version', () => ({ ...webSearch(), body: { ...webSearch().body, tools: [{ type: 'web_search_20260209', name: 'web_search' }] } }), 'webSearch'],
  ['a tool named WebSearch', () => mainLoop(), 'default'],
  ['another tool of Anthropic\'s', () => ({ ...webSearch(), body: { ...webSearch().body, tools: [{ type: 'bash_20250124', name: 'bash' }] } }), 'default'],
  ['no tools and no thinking, but no title', () => { const r = KINDS.title(); r.body.output_config = { effort: 'high' }; return r }, 'default'],
  ['a title with tools', () => { const r = KINDS.title(); r.body.tools = mainLoop().body.tools ?? []; return r }, 'default'],
  ['an answer of another schema', () => { const r = KINDS.title(); r.body.output_config = { format: { type: 'json_schema', schema: { type: 'object', properties: { name: { type: 'string' } } } } }; return r }, 'default']
]

function pictures (): object[] {
  const { body: { messages } } = picture()
  return (messages.at(-1)?.content as { content: object[] }[])[0]?.content ?? []
}

for (const [what, request, rule] of CASES) {
  t.test(`${what} → ${rule}`, async t => {
    const { rule: fired, reason } = routeOf(request(), withoutTiers)
    t.equal(fired, rule, reason)
  })
}

type Sign = (request: ClientRequest) => Given | undefined

/** What makes each rule fire; made of a request that none but the default is for. */
const SIGNS: Record<string, Sign> = {
  explicit: ({ body }) => { body.model = 'p,explicit' },
  custom: () => ({ custom: { said: 'p,custom' } }),
  'rules.own': ({ headers }) => { headers['x-own'] = 'yes' },
  'rules.second': ({ headers }) => { headers['x-own'] ??= 'no' },
  subagent: ({ body }) => { body.system = taggedAgent('p,subagent').body.system ?? '' },
  image: ({ body }) => { body.messages.push({ role: 'user', content: pictures() as [] }) },
  webSearch: ({ body }) => { body.tools?.push({ type: 'web_search_20250305', name: 'web_search' }) },
  longContext: ({ body }) => { body.messages.unshift(...longConversation(70_000).body.messages) },
  background: ({ body }) => { body.model = HAIKU },
  think: ({ body }) => { body.thinking = { type: 'enabled', budget_tokens: 31999 } },
  opus: ({ body }) => { body.model = OPUS },
  sonnet: ({ body }) => { body.model = 'claude-sonnet-5' },
  haiku: ({ body }) => { body.model = HAIKU },
  default: () => undefined
}

const ORDER = ['explicit', 'custom', 'rules.own', 'rules.second', 'subagent', 'image', 'webSearch', 'longContext', 'background', 'think']

function asked (...names: string[]): { request: ClientRequest, given: Given } {
  const request = mainLoop({ model: 'gpt-5' })
  const given = names.map(name => SIGNS[name]?.(request)).reduce<Given>((all, one) => ({ ...all, ...one }), {})
  return { request, given }
}

t.test('the rules are in the order of the documentation', async t => {
  t.same(RULES.map(({ name }) => name), ['explicit', 'custom', 'rules.<name>', 'subagent', 'image', 'webSearch', 'longContext', 'background', 'think', 'opus', 'sonnet', 'haiku', 'default'])
  t.same(all.rules.map(({ name }) => name), [...ORDER, 'opus', 'sonnet', 'haiku', 'default'])
})

for (const [i, later] of ORDER.entries()) {
  const earlier = ORDER[i - 1]
  if (earlier === undefined) continue
  t.test(`${earlier} stands before ${later}`, async t => {
    // The later one first: where both need the model's name, the earlier one has it.
    const { request, given } = asked(later, earlier)
    const { rules: said, route } = explainOf(request, all, given)
    t.equal(said.find(({ rule }) => rule === later)?.matched, true, 'the later one would fire, too')
    t.equal(route.rule, earlier)
    const { request: other, given: rest } = asked(later)
    t.equal(routeOf(other, all, rest).rule, later, 'and does without the earlier one')
  })
}

t.test('think stands before the tiers, the tiers before the default', async t => {
  for (const tier of ['opus', 'sonnet']) {
    const { request } = asked(tier, 'think')
    const { rules: said, route } = explainOf(request, all)
    t.same(said.filter(({ matched }) => matched).map(({ rule }) => rule), ['think', tier, 'default'])
    t.equal(route.rule, 'think')
    t.equal(routeOf(asked(tier).request, all).rule, tier)
  }
  t.equal(routeOf(asked('haiku', 'think').request, all).rule, 'background', 'a haiku that thinks is a small job still')
  t.equal(routeOf(asked('haiku').request, await routerOf(without('background'))).rule, 'haiku')
  t.same(['claude-opus-sonnet', 'claude-sonnet-haiku'].map(model => routeOf(mainLoop({ model }), all).rule), ['opus', 'sonnet'])
})

t.test('a rule whose key is absent, or empty, never fires, and says so', async t => {
  const passes: Record<string, string> = { image: 'default', webSearch: 'default', longContext: 'default', background: 'haiku', think: 'default', opus: 'default', sonnet: 'default', haiku: 'default' }
  for (const [name, next] of Object.entries(passes)) {
    const absent = name === 'haiku' ? without('haiku', 'background') : without(name)
    for (const router of [await routerOf(absent), await routerOf({ ...absent, [name]: '' })]) {
      const { rules: said, route } = explainOf(asked(name).request, router)
      t.equal(route.rule, next, name)
      t.match(said.find(({ rule }) => rule === name), { matched: false, why: `Router.${name} is not set`, targets: [] })
    }
  }
  const least = await routerOf({ default: 'p,default' })
  for (const kind of Object.values(KINDS)) t.equal(routeOf(kind(), least).rule, 'default')
})

t.test('every rule says why, whether it fires or not', async t => {
  const { rules: said } = explainOf(asked().request, withoutTiers)
  t.strictSame(Object.fromEntries(said.map(({ rule, why }) => [rule, why])), {
    explicit: 'the model is not of the form provider,model',
    custom: 'CUSTOM_ROUTER_PATH is not set',
    subagent: 'the system prompt holds no tag',
    image: 'the last turn holds no image',
    webSearch: 'no tool searches the web',
    longContext: `the prompt has about ${said.find(({ rule }) => rule === 'longContext')?.why.match(/\d+/)?.[0]} tokens, not more than 60000`,
    background: 'the model is no haiku, and the request no small job beside the conversation',
    think: 'thinking is adaptive, the effort high, and there is no ultrathink',
    opus: 'Router.opus is not set',
    sonnet: 'Router.sonnet is not set',
    haiku: 'Router.haiku is not set',
    default: 'no other rule applies'
  })
  const reasons: [ClientRequest, RegExp][] = [
    [mainLoop({ model: 'p,explicit' }), /^the request names p,explicit$/],
    [taggedAgent('p,subagent'), /^the system prompt holds a tag that names p,subagent$/],
    [picture(), /^the last turn holds 1 image$/],
    [webSearch(), /^a tool is web_search_20250305$/],
    [longConversation(70_000), /^the prompt has about \d{5} tokens, more than 60000$/],
    [explore(), /^the model is a haiku$/],
    [KINDS.title(), /^it asks for the title of a session$/],
    [ultrathink(), /^the prompt holds the keyword ultrathink$/],
    [mainLoop({ model: 'claude-sonnet-4-5' }), /^thinking is enabled, with a budget of 31999 tokens$/],
    [mainLoop({ effort: 'xhigh' }), /^the effort is xhigh$/]
  ]
  for (const [request, why] of reasons) t.match(routeOf(request, withoutTiers).reason, why)
  const unknown = explainOf(taggedAgent('p,nobody'), withoutTiers).rules
  t.equal(unknown.find(({ rule }) => rule === 'subagent')?.why, 'the tag names p,nobody, which is not configured')
  t.equal(explainOf(mainLoop({ model: 'p,nobody' }), withoutTiers).rules[0]?.why, 'the model names no provider and model that are configured')
})

t.test('what the user\'s own router said', async t => {
  const of = (said: string | null, problem?: string): { rule: string, why: string | undefined } => {
    const { rules: asked, route } = explainOf(mainLoop(), withoutTiers, { custom: { said, ...(problem !== undefined && { problem }) } })
    return { rule: route.rule, why: asked.find(({ rule }) => rule === 'custom')?.why }
  }
  t.same(of('p,custom'), { rule: 'custom', why: 'it returned p,custom' })
  t.same(of(null), { rule: 'default', why: 'it returned nothing' })
  t.same(of(null, 'no idea'), { rule: 'default', why: 'it failed: no idea' })
  t.same(of('p,nobody'), { rule: 'default', why: 'it returned p,nobody, which is not configured' })
})

t.test('thinkOn adds signs', async t => {
  const base = without('opus', 'sonnet', 'haiku')
  const high = await routerOf({ ...base, thinkOn: ['high'] })
  t.equal(routeOf(mainLoop(), high).rule, 'think')
  t.equal(routeOf(mainLoop({ effort: 'medium' }), high).rule, 'default')
  t.equal(routeOf(mainLoop({ effort: 'xhigh' }), high).rule, 'think', 'beside those that there are')
  t.equal(routeOf(plan(), high).rule, 'default', 'not where thinking is off')
  const adaptive = await routerOf({ ...base, thinkOn: ['adaptive', 'low'] })
  t.equal(routeOf(mainLoop(), adaptive).reason, 'thinking is adaptive')
  t.equal(routeOf(withoutThinking(), adaptive).rule, 'default')
  t.equal(routeOf(max(withoutThinking(), 'low'), adaptive).reason, 'the effort is low')
})

t.test('the threshold is the user\'s, as a number or as a text', async t => {
  for (const longContextThreshold of [1000, '1000']) {
    const router = await routerOf({ ...without('opus'), longContextThreshold })
    t.equal(routeOf(toolLoop(), router).rule, 'longContext')
    t.equal(routeOf(KINDS.title(), router).rule, 'background')
  }
})
