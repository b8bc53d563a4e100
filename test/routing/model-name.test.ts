import t from 'tap'
import { ApiError } from '../../src/errors.ts'
import type { Router } from '../../src/routing/router.ts'
import { mainLoop, picture } from '../helper/claude-code-requests.ts'
import { explainOf, load, provider, routeOf } from './configurations.ts'

/** Names of models that stand for a rule or, as an alias, for another name. */

const Providers = [provider(['default', 'think', 'm', 'm[1m]', 'long[1m]', 'c,d', 'a/b', 'see']), { ...provider(['m'], { capabilities: { m: { vision: false } } }), name: 'switchyard/q' }, { ...provider(['m']), name: 'claude/r' }]

async function routerOf (settings: object): Promise<Router> {
  return (await load({ Providers, Router: { default: 'p,default', ...settings } })).router
}

const mine = [{ name: 'mine', when: { header: { 'x-own': '*' } }, use: [{ to: 'p,m', weight: 1 }, { to: 'p,a/b', weight: 1 }], fallback: ['p,think'] }]
const router = await routerOf({ think: 'p,think', image: 'p,see', rules: mine })
const strict = await routerOf({ think: 'p,think', strict: true })

const RULES: [model: string, rule: string, first: string][] = [
  ['switchyard/think', 'think', 'p,think'],
  ['switchyard/default', 'default', 'p,default'],
  ['claude/switchyard/think', 'think', 'p,think'],
  ['switchyard/think[1m]', 'think', 'p,think'],
  ['claude/switchyard/default[1M]', 'default', 'p,default']
]

for (const [model, rule, first] of RULES) {
  t.test(`${model} is the rule ${rule}, whatever the request holds`, async t => {
    for (const within of [router, strict]) {
      for (const request of [mainLoop({ model }), mainLoop({ model, effort: 'max' })]) {
        const route = routeOf(request, within)
        t.match(route, { rule, reason: `the request names ${model}`, targets: [{ name: first }] })
      }
    }
  })
}

t.test('a rule of the user\'s is asked for by the name that it has in x-router-rule, and shares as it would', async t => {
  const seen = new Set<string>()
  for (let session = 0; session < 40; session++) {
    const request = mainLoop({ model: 'switchyard/rules.mine' })
    request.headers['x-claude-code-session-id'] = `s${session}`
    const { rule, targets } = routeOf(request, router)
    const fired = routeOf({ ...mainLoop(), headers: { ...request.headers, 'x-own': 'yes' } }, router)
    t.equal(rule, 'rules.mine')
    t.strictSame(targets.map(({ name }) => name), fired.targets.map(({ name }) => name), 'the same share of the session')
    t.equal(targets[1]?.name, 'p,think')
    seen.add(targets[0].name)
  }
  t.strictSame([...seen].sort(), ['p,a/b', 'p,m'])
})

const TARGETS: [model: string, target: string][] = [
  ['claude/p,m', 'p,m'],
  ['claude/p,c,d', 'p,c,d'],
  ['claude/p,a/b', 'p,a/b'],
  ['p,m[1m]', 'p,m[1m]'],
  ['claude/p,m[1m]', 'p,m[1m]'],
  ['p,think[1m]', 'p,think'],
  ['claude/p,think[1m]', 'p,think'],
  ['claude/p,long', 'p,long[1m]'],
  ['p,long', 'p,long[1m]'],
  ['switchyard/q,m', 'switchyard/q,m'],
  ['claude/r,m', 'claude/r,m'],
  ['claude/switchyard/q,m', 'switchyard/q,m'],
  ['claude/claude/r,m', 'claude/r,m']
]

t.test('an alias is the target behind it, and names of one\'s own stand above it', async t => {
  for (const [model, target] of TARGETS) {
    t.match(routeOf(mainLoop({ model }), router), { rule: 'explicit', targets: [{ name: target }] }, model)
    t.match(routeOf(mainLoop({ model }), strict), { rule: 'explicit' }, `${model}, where strict`)
  }
  for (const model of ['claude/p,nobody', 'claude/m', 'claude/', 'switchyard', 'switchyards/think', 'claude-switchyard/think', 'x/switchyard/think']) {
    t.match(routeOf(mainLoop({ model }), router), { rule: 'default' }, `${model} goes by the rules like any other name`)
    t.throws(() => routeOf(mainLoop({ model }), strict), { message: /is not a model of this gateway\. It has p,default, / })
  }
})

t.test('a rule that there is not is a 404 that names those that there are', async t => {
  for (const model of ['switchyard/background', 'switchyard/', 'switchyard/explicit', 'switchyard/mine', 'claude/switchyard/nothing', 'switchyard/nobody,m', 'switchyard/toString']) {
    t.throws(() => routeOf(mainLoop({ model }), router), new ApiError('not_found_error', `model: ${model} is not a model of this gateway. It has switchyard/rules.mine, switchyard/image, switchyard/think, switchyard/default for its rules`), model)
  }
  const many = await routerOf({ rules: Array.from({ length: 60 }, (_, i) => ({ name: `r${i}`, when: {}, use: 'p,m' })) })
  t.throws(() => routeOf(mainLoop({ model: `switchyard/${'x'.repeat(5000)}` }), many), { message: /^.{1,1600} and 11 more for its rules$/s })
})

t.test('what the model of the rule cannot do is corrected as for any other', async t => {
  const blind = await routerOf({ default: 'switchyard/q,m', image: 'p,see' })
  const request = picture()
  request.body.model = 'switchyard/default'
  t.match(routeOf(request, blind), { rule: 'image', targets: [{ name: 'p,see' }] })
})

t.test('an explanation says that no rule was asked', async t => {
  const { rules, route } = explainOf(mainLoop({ model: 'switchyard/think' }), router)
  t.strictSame(rules.filter(({ matched }) => matched), [{ rule: 'think', matched: true, why: 'the request names switchyard/think', targets: ['p,think'] }])
  t.ok(rules.filter(({ matched }) => !matched).every(({ why }) => why === 'the request names the rule think'))
  t.equal(route.rule, 'think')
})
