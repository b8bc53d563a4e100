import t from 'tap'
import type { Target } from '../../src/provider.ts'
import { FALLBACK_KEYS } from '../../src/config/schema-router.ts'
import { readyApp } from '../helper/app.ts'
import { type ClientRequest, HAIKU, KINDS, explore, mainLoop, picture, taggedAgent, title, ultrathink, webSearch } from '../helper/claude-code-requests.ts'
import { load, problemsOf, provider, routeOf } from '../routing/configurations.ts'

const SCENARIOS = ['default', 'background', 'think', 'longContext', 'webSearch', 'image', 'opus', 'sonnet', 'haiku']
const MODELS = ['a', 'b', 'c', 'd', 'e', 'x,y']
const Providers = [provider(MODELS), { ...provider(['m']), name: 'q' }]
const Router = { default: 'p,a' }
const rule = (rest: object): object => ({ name: 'one', when: {}, use: 'p,a', ...rest })

const names = (targets: readonly Target[]): string[] => targets.map(({ name }) => name)

t.test('a provider or model that is not there is named by its path, wherever it stands', async t => {
  const places: [place: string, document: (name: string) => object][] = [
    ...SCENARIOS.map((name): [string, (target: string) => object] => [`Router.${name}`, target => ({ Router: { ...Router, [name]: target } })]),
    ...SCENARIOS.map((name): [string, (target: string) => object] => [`Router.profiles.cheap.${name}`, target => ({ Router: { ...Router, profiles: { cheap: { [name]: target } } } })]),
    ...FALLBACK_KEYS.map((name): [string, (target: string) => object] => [`fallback.${name}[1]`, target => ({ fallback: { [name]: ['p,b', target] } })]),
    ['Router.rules[1].use', target => ({ Router: { ...Router, rules: [rule({}), rule({ name: 'two', use: target })] } })],
    ['Router.rules[0].use[1].to', target => ({ Router: { ...Router, rules: [rule({ use: [{ to: 'p,a' }, { to: target, weight: 2 }] })] } })],
    ['Router.rules[0].fallback[1]', target => ({ Router: { ...Router, rules: [rule({ fallback: ['p,b', target] })] } })],
    ['Router.profiles.cheap.rules[0].use', target => ({ Router: { ...Router, profiles: { cheap: { rules: [rule({ use: target })] } } } })]
  ]
  for (const [place, document] of places) {
    t.strictSame(await problemsOf({ Providers, Router, ...document('nobody,m') }), [`${place}: there is no usable provider nobody; Providers has p, q`])
    t.strictSame(await problemsOf({ Providers, Router, ...document('q,nothing') }), [`${place}: q has no model nothing; its models are m`])
  }
})

t.test('what a profile takes over is wrong once', async t => {
  const wrong = { default: 'p,a', think: 'p,nothing', rules: [rule({ use: 'p,nothing' })], profiles: { cheap: { background: 'p,b' }, other: {} } }
  t.equal((await problemsOf({ Providers, Router: wrong })).length, 2)
})

t.test('names that are there twice, and profiles that are not there', async t => {
  const Keys = [{ name: 'ann', key: 'key-1' }, { name: 'ann', key: 'key-2' }, { name: 'bob', key: 'key-1', profile: 'dear' }, { name: 'APIKEY', key: 'key-3', profile: 'toString' }]
  t.strictSame(await problemsOf({ Providers, Router: { ...Router, profiles: { cheap: {} } }, Keys, APIKEY: 'key-4' }), [
    'Keys[1].name: there are two keys named ann',
    'Keys[2].key: is the same as that of ann',
    'Keys[2].profile: there is no profile dear; Router.profiles has cheap',
    'Keys[3].name: there are two keys named APIKEY',
    'Keys[3].profile: there is no profile toString; Router.profiles has cheap'
  ])
  t.strictSame(await problemsOf({ Providers, Router, Keys: [{ name: 'ann', key: 'k', profile: 'cheap' }] }), ['Keys[0].profile: there is no profile cheap; Router.profiles has none'])
  t.strictSame(await problemsOf({ Providers, Router: { ...Router, rules: [rule({}), rule({ name: 'two' }), rule({})] } }), ['Router.rules[2].name: there are two rules named one'])
  t.strictSame(await problemsOf({ Providers, Router: { ...Router, rules: [rule({})], profiles: { cheap: { rules: [rule({}), rule({})] } } } }), ['Router.profiles.cheap.rules[1].name: there are two rules named one'], 'a profile\'s own rules stand alone')
  t.strictSame(await problemsOf({ Providers, Router: { ...Router, profiles: { cheap: { profiles: {} } } } }), ['Router.profiles.cheap.profiles: there is no such key'])
  t.strictSame(await problemsOf({ Providers, Router: { ...Router, thinkOn: ['hard'] } }), ['Router.thinkOn[0]: must be one of enabled, adaptive, low, medium, high, xhigh, max, ultrathink'])
  t.strictSame(await problemsOf({ Providers, Router, fallback: { rules: ['p,b'] } }), ['fallback.rules: there is no such key'])
})

t.test('fallbacks stand in their order, each once', async t => {
  const { router } = await load({ Providers, Router: { default: 'p,a', think: 'p,b' }, fallback: { default: ['p,c', 'p,a', 'p,b', 'p,c', 'q,m'], think: ['p,b'] } })
  t.strictSame(names(routeOf(mainLoop(), router).targets), ['p,a', 'p,c', 'p,b', 'q,m'])
  t.strictSame(names(routeOf(ultrathink(), router).targets), ['p,b'])
})

t.test('scenarios have their own list only; other rules fall back to the default\'s', async t => {
  const rules = [{ name: 'one', when: { header: { 'x-own': '1' } }, use: 'p,b', fallback: ['p,c', 'q,m'] }, { name: 'two', when: { header: { 'x-own': '2' } }, use: [{ to: 'p,b', weight: 0 }, { to: 'p,c' }] }, { name: 'three', when: { header: { 'x-own': '3' } }, use: 'p,b', fallback: [] }]
  const Router = { ...Object.fromEntries(SCENARIOS.map(name => [name, 'p,a'])), rules }
  const own = (value: string): ClientRequest => ({ ...mainLoop(), headers: { 'x-own': value } })
  const given = { custom: { said: 'p,b' } }
  const { router } = await load({ Providers, Router, fallback: { default: ['p,d', 'q,m'] } })
  t.strictSame(names(routeOf(mainLoop({ model: 'p,b' }), router).targets), ['p,b', 'p,d', 'q,m'], 'explicit')
  t.strictSame(names(routeOf(mainLoop(), router, given).targets), ['p,b', 'p,d', 'q,m'], 'custom')
  t.strictSame(names(routeOf(taggedAgent('p,b'), router).targets), ['p,b', 'p,d', 'q,m'], 'subagent')
  t.strictSame(names(routeOf(own('1'), router).targets), ['p,b', 'p,c', 'q,m'], 'a rule: its own, and no other')
  t.strictSame(names(routeOf(own('2'), router).targets), ['p,c', 'p,d', 'q,m'], 'or the default\'s, without one')
  t.strictSame(names(routeOf(own('3'), router).targets), ['p,b'], 'a prompt that must stay here is sent nowhere else')
  for (const request of [picture(), webSearch(), explore(), title(), ultrathink(), mainLoop(), mainLoop({ model: 'claude-sonnet-5' })]) {
    const { rule, targets } = routeOf(request, router)
    t.not(rule, 'default')
    t.strictSame(names(targets), ['p,a'], rule)
  }

  const lists = Object.fromEntries(FALLBACK_KEYS.map((name, i) => [name, [`p,${MODELS[1 + i % 4]}`]]))
  const { router: other } = await load({ Providers, Router, fallback: lists })
  const behind = (request: ClientRequest, given = {}): [string, string[]] => { const { rule, targets } = routeOf(request, other, given); return [rule, names(targets.slice(1))] }
  for (const [request, rule, said] of [
    [mainLoop({ model: 'q,m' }), 'explicit', {}], [mainLoop(), 'custom', { custom: { said: 'q,m' } }], [taggedAgent('q,m'), 'subagent', {}], [picture(), 'image', {}], [webSearch(), 'webSearch', {}],
    [explore(), 'background', {}], [ultrathink(), 'think', {}], [mainLoop(), 'opus', {}], [mainLoop({ model: 'claude-sonnet-5' }), 'sonnet', {}], [mainLoop({ model: 'gpt-5' }), 'default', {}]
  ] as const) t.strictSame(behind(request, said), [rule, lists[rule]])
  const { router: none } = await load({ Providers, Router, fallback: { default: ['p,d'], explicit: [] } })
  t.strictSame(names(routeOf(mainLoop({ model: 'p,b' }), none).targets), ['p,b'], 'an empty list is a list')
})

t.test('a profile has what it says, and the rest from above', async t => {
  const { router, profiles } = await load({
    Providers,
    Router: {
      default: 'p,a',
      think: 'p,b',
      longContextThreshold: 10,
      longContext: 'p,x,y',
      strict: true,
      rules: [{ name: 'one', when: { header: { 'x-own': '1' } }, use: 'q,m' }],
      profiles: { cheap: { default: 'p,c', longContextThreshold: 1_000_000, strict: false }, own: { rules: [], longContextThreshold: 50_000, think: 'p,d', thinkOn: ['high'] } }
    },
    fallback: { default: ['p,e'] }
  })
  const [cheap, own] = [profiles.get('cheap'), profiles.get('own')]
  if (cheap === undefined || own === undefined) throw new Error('a profile is missing')
  const asked = { ...mainLoop({ model: 'a' }), headers: { 'x-own': '1' } }
  t.strictSame([router, cheap, own].map(each => routeOf(asked, each).rule), ['rules.one', 'rules.one', 'think'])
  t.equal(routeOf(mainLoop({ model: 'a' }), router).rule, 'longContext', 'what is of a profile is not of the others')
  t.strictSame(names(routeOf(mainLoop(), cheap).targets), ['p,c', 'p,e'])
  t.strictSame(names(routeOf(ultrathink(), cheap).targets), ['p,b'])
  t.equal(routeOf(mainLoop({ model: 'p,d' }), cheap).rule, 'explicit')
  t.throws(() => routeOf(mainLoop(), own), { message: /is not a model of this gateway/ }, 'strict as above')
})

t.test('strict: what counts as known, and what is said of the rest', async t => {
  const strict = { Providers, Router: { ...Router, think: 'p,b', image: 'p,c', webSearch: 'p,c', strict: true, rules: [{ name: 'one', when: { model: 'special' }, use: 'p,b' }] } }
  const { router } = await load(strict)
  const accepted: [ClientRequest, string][] = [
    [mainLoop({ model: 'p,b' }), 'explicit'], [mainLoop({ model: 'a' }), 'default'], [mainLoop({ model: 'm' }), 'default'], [mainLoop({ model: 'x,y' }), 'default'], [mainLoop({ model: 'special' }), 'rules.one'],
    [taggedAgent('p,b'), 'subagent'], [ultrathink({ model: 'a' }), 'think']
  ]
  for (const [request, rule] of accepted) t.equal(routeOf(request, router).rule, rule)
  t.equal(routeOf(mainLoop(), router, { custom: { said: 'p,b' } }).rule, 'custom')
  const refusal = { name: 'ApiError', type: 'not_found_error', status: 404, retryable: false, message: 'model: claude-opus-4-8 is not a model of this gateway. It has p,a, a, p,b, b, p,c, c, p,d, d, p,e, e, p,x,y, x,y, q,m, m' }
  for (const request of [mainLoop(), ultrathink(), picture(), webSearch()]) t.throws(() => routeOf(request, router), refusal)
  for (const model of ['nobody,m', 'p,nothing', 'p', 'A', '']) t.throws(() => routeOf(mainLoop({ model }), router), { message: /is not a model of this gateway/ }, model)

  const { router: tiers } = await load({ Providers, Router: { ...strict.Router, opus: 'p,a', background: 'p,b' } })
  t.equal(routeOf(mainLoop(), tiers).rule, 'opus')
  t.equal(routeOf(ultrathink(), tiers).rule, 'think', 'a tier with a key is known to every rule')
  t.equal(routeOf(explore(), tiers).rule, 'background', 'a haiku is served by background')
  t.equal(routeOf(mainLoop({ model: HAIKU }), tiers).rule, 'background')
  t.throws(() => routeOf(mainLoop({ model: 'claude-sonnet-5' }), tiers), { message: /; and any name that holds opus, haiku$/ })
  const { router: lax } = await load({ Providers, Router })
  for (const kind of Object.values(KINDS)) t.equal(routeOf(kind(), lax).rule, 'default')
  const many = await load({ Providers: [provider(Array.from({ length: 60 }, (_, i) => `m${i}`))], Router: { default: 'p,m0', strict: true } })
  t.throws(() => routeOf(mainLoop(), many.router), { message: /, p,m24, m24 and 70 more$/ })
})

t.test('keys have names, for rules, and profiles; a header stands above a key', async t => {
  const { app } = await readyApp(t, {
    config: {
      Providers,
      APIKEY: 'main-key',
      Keys: [{ name: 'ann', key: '$ANNS_KEY' }, { name: 'ci', key: 'ci-key', profile: 'cheap' }],
      Router: { ...Router, rules: [{ name: 'of-ann', when: { key: 'ann' }, use: 'p,e' }], profiles: { cheap: { default: 'p,b' }, dear: { default: 'p,c', rules: [] } } }
    },
    env: { ANNS_KEY: 'anns-key', VALID_API_KEYS: 'old-key,older-key' }
  })
  const ask = async (key: string, headers: Record<string, string> = {}, payload: object = mainLoop().body): Promise<{ status: number, target: string | undefined, key: string | undefined, rule: string, error: { type: string, message: string } }> => {
    const reply = await app.inject({ method: 'POST', url: '/api/route', headers: { 'x-api-key': key, ...headers }, payload })
    const { targets, rule, error, traits } = reply.json<{ targets?: { target: string }[], rule: string, error: { type: string, message: string }, traits?: { key: string } }>()
    return { status: reply.statusCode, target: targets?.[0]?.target, key: traits?.key, rule, error }
  }
  t.match(await ask('main-key'), { target: 'p,a', key: 'APIKEY', rule: 'default' })
  t.match(await ask('older-key'), { target: 'p,a', key: 'VALID_API_KEYS.2' })
  t.match(await ask('anns-key'), { target: 'p,e', key: 'ann', rule: 'rules.of-ann' })
  t.match(await ask('ci-key'), { target: 'p,b', key: 'ci', rule: 'default' })
  t.match(await ask('nobodys-key'), { status: 401 })
  t.match(await ask('ci-key', { 'x-router-profile': 'dear' }), { target: 'p,c' })
  t.match(await ask('anns-key', { 'x-router-profile': 'cheap' }), { target: 'p,e' }, 'a rule that the profile takes over')
  t.match(await ask('anns-key', { 'x-router-profile': 'dear' }), { target: 'p,c' }, 'and one without rules')
  t.match(await ask('ci-key', { 'x-router-profile': '' }), { target: 'p,b' }, 'an empty header is none')
  t.match(await ask('ci-key', {}, { request: mainLoop().body, headers: { 'X-Router-Profile': 'dear' } }), { target: 'p,c' })
  for (const profile of ['cheapest', 'toString']) t.match(await ask('main-key', { 'x-router-profile': profile }), { status: 400, error: { type: 'invalid_request_error', message: `x-router-profile: there is no profile ${profile}; there are cheap, dear` } })
})

t.test('a request is refused as it is explained', async t => {
  const { app } = await readyApp(t, { config: { Providers, Router: { ...Router, strict: true } } })
  const payload = { ...mainLoop().body, model: 'nobody' }
  for (const url of ['/v1/messages', '/api/route', '/v1/messages/count_tokens']) {
    const reply = await app.inject({ method: 'POST', url, payload })
    t.equal(reply.statusCode, 404, url)
    t.match(reply.json(), { type: 'error', error: { type: 'not_found_error', message: /^model: nobody is not a model of this gateway\. It has p,a, a/ } })
  }
  t.match((await app.inject({ method: 'POST', url: '/v1/messages', payload: mainLoop().body, headers: { 'x-router-profile': 'cheap' } })).json(), { error: { message: 'x-router-profile: there is no profile cheap; there are none' } })
})
