import t from 'tap'
import { createIdentity } from '../../src/account/key-settings.ts'
import { KeyRing } from '../../src/account/key-ring.ts'
import { SecretHash } from '../../src/account/secret.ts'
import { effectsOf } from '../../src/config/edit/effects.ts'
import { LiveConfig } from '../../src/config/live.ts'
import { loadDocument } from '../../src/config/load.ts'
import { providersOf } from '../../src/config/providers-of.ts'
import type { Config } from '../../src/config/snapshot.ts'
import { ReasoningMemory } from '../../src/message/reasoning-memory.ts'
import type { Target } from '../../src/target.ts'
import { Lanes } from '../../src/upstream/lanes.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import { readyApp } from '../helper/app.ts'

/** What a change of the configuration leaves as it was, and what it does not. */

const { app: { transformers: builtIn } } = await readyApp(t)
const memory = new ReasoningMemory()
const one = { name: 'one', api_base_url: 'http://127.0.0.1:9/v1', api_key: ['key-a', 'key-b'], models: ['m', 'n'], maxConcurrent: 2 }
const two = { name: 'two', api_base_url: 'http://127.0.0.1:8/v1', api_key: 'key-two', models: ['m'] }

function documentOf (...providers: object[]): JsonObject {
  return { Providers: providers, Router: { default: 'one,m' } } as JsonObject
}

async function load (document: JsonObject, before?: Config): Promise<Config> {
  return loadDocument({ document, source: 'test', folder: '/' }, { env: {}, processEnv: {}, builtIn, memory, before })
}

function target (config: Config, name: string, model = 'm'): Target {
  const found = config.providers.get(name)?.get(model)
  if (found === undefined) throw new Error(`there is no ${name},${model}`)
  return found
}

t.test('an entry that was not changed stays as it is', async t => {
  const before = await load(documentOf(one, two))
  const after = await load(documentOf(one, { ...two, models: ['m', 'new'] }), before)
  t.equal(target(after, 'one'), target(before, 'one'))
  t.not(target(after, 'two'), target(before, 'two'))
  t.equal(target(after, 'two').provider.facts, target(before, 'two').provider.facts, 'its server is reached as before')
  const moved = await load(documentOf(one, { ...two, api_base_url: 'http://127.0.0.1:7/v1' }), before)
  t.not(target(moved, 'two').provider.facts, target(before, 'two').provider.facts)
  target(before, 'two').provider.facts.contextWindows = new Map([['m', 1000]])
  const rekeyed = await load(documentOf(one, { ...two, api_key: 'another' }), before)
  t.not(target(rekeyed, 'two').provider.facts, target(before, 'two').provider.facts)
  t.equal(target(rekeyed, 'two').capabilities.contextWindow, 1000, 'what the same server told is not forgotten')
})

t.test('models that are spoken to in another way share their server', async t => {
  const mixed = (models: string[], rest: object = {}): object => ({ ...one, models, transformer: { use: ['openai'], m: { use: ['anthropic'] } }, ...rest })
  for (const [models, then] of [[['m', 'n'], ['m', 'n']], [['n', 'm'], ['n', 'm', 'new']]] as const) {
    const before = await load(documentOf(mixed([...models])))
    const after = await load(documentOf(mixed([...then], { strict: true })), before)
    t.equal(target(after, 'one', 'n').provider.facts, target(before, 'one', 'm').provider.facts)
    const lanes = new Lanes({ failures: 1, coolDown: 10_000, maxCoolDown: 60_000, patience: 5000 })
    lanes.configure(providersOf(before))
    const limited = await load(documentOf(mixed([...then], { maxConcurrent: 7 })), after)
    const { queue } = lanes.of(target(after, 'one', 'm').provider)
    lanes.configure(providersOf(limited))
    t.equal(lanes.of(target(limited, 'one', 'm').provider).queue, queue, 'who runs is counted on')
  }
})

t.test('breakers, keys and queues', async t => {
  let clock = 0
  const lanes = new Lanes({ failures: 1, coolDown: 10_000, maxCoolDown: 60_000, patience: 5000 }, () => clock)
  const before = await load(documentOf(one, two))
  lanes.configure(providersOf(before))
  const old = lanes.of(target(before, 'one').provider)
  old.breaker('m', 1).failed()
  old.keys.coolDown(0, 5000)
  const running = [old.queue.enter('a'), old.queue.enter('b')]
  const waits = old.queue.enter('c')
  t.not(waits.ready, undefined)

  const same = await load(documentOf(one), before)
  lanes.configure(providersOf(same))
  t.equal(lanes.of(target(same, 'one').provider), old, 'those of an unchanged provider live on')

  const after = await load(documentOf({ ...one, api_key: ['key-b', 'key-c'], maxConcurrent: 3 }), same)
  lanes.configure(providersOf(after))
  const now = lanes.of(target(after, 'one').provider)
  t.not(now, old)
  t.equal(lanes.of(target(before, 'one').provider), old, 'requests of the older configuration keep theirs')
  t.equal(now.queue, old.queue, 'who runs is counted, and who waits keeps waiting')
  await waits.ready
  t.equal(now.queue.running, 3, 'or runs, where there is more room')
  t.strictSame([now.breaker('m', 0).state, now.breaker('m', 1).state], ['open', 'closed'], 'key-b stands elsewhere now')
  t.strictSame(now.keys.states.map(({ cooling }) => cooling), [0, 0], 'key-a rested, and is gone')
  for (const place of [...running, waits]) place.leave()

  const elsewhere = await load(documentOf({ ...one, api_base_url: 'http://127.0.0.1:6/v1' }), after)
  lanes.configure(providersOf(elsewhere))
  const fresh = lanes.of(target(elsewhere, 'one').provider)
  t.not(fresh.queue, old.queue, 'another server is another matter')
  t.equal(fresh.breaker('m', 1).state, 'closed')
  clock++
})

t.test('what was settled at the start stays', async t => {
  const before = await load({ ...documentOf(one), PORT: 3000, Usage: { commitWait: 100 } })
  const next = await load({ ...documentOf(one), PORT: 4000, HOST: '0.0.0.0', Usage: { commitWait: 0, keepDays: 3 }, Limits: { requestsPerMinute: 7 } }, before)
  const failures: unknown[] = []
  const live = new LiveConfig(before, error => failures.push(error))
  const seen: [Config, Config][] = []
  live.onChange(() => { throw new Error('cannot') })
  live.onChange((now, before) => seen.push([now, before]))
  live.apply(next)
  t.match(live.current, { host: before.host, port: 3000, usage: { commitWait: 100 }, limits: { requestsPerMinute: 7 } })
  t.strictSame(seen.map(([now, old]) => [now === live.current, old === before]), [[true, true]], 'one that fails keeps no other from it')
  t.match(failures, [{ message: 'cannot' }])
})

t.test('what comes of a change', async t => {
  const rules = [{ name: 'night', when: { model: '*haiku*' }, use: 'one,m' }]
  const documents: [JsonObject, JsonObject] = [
    { ...documentOf(one, two), Router: { default: 'one,m', think: 'two,m', rules, profiles: { cheap: { think: 'one,m' } } }, Keys: [{ name: 'ann', key: 'a' }, { name: 'bob', key: 'b' }, { name: 'eve', key: 'e' }] } as JsonObject,
    { ...documentOf(one, { ...two, strict: true }, { ...two, name: 'three' }), Router: { default: 'one,n', background: 'one,m', rules: [{ ...rules[0], use: 'one,n' }], profiles: { dear: { default: 'one,m' } } }, fallback: { default: ['two,m'] }, Keys: [{ name: 'ann', key: 'another' }, { name: 'bob', key: 'b', role: 'viewer' }, { name: 'joe', key: 'j' }], PORT: 1, Usage: { path: 'x.db' } } as JsonObject
  ]
  const before = { document: documents[0], config: await load(documents[0]) }
  const after = { document: documents[1], config: await load(documents[1], before.config) }
  t.strictSame(effectsOf(before, after), {
    providers: { added: ['three'], removed: [], changed: ['two'] },
    rules: { added: ['background', 'profiles.dear.default'], removed: ['think', 'profiles.cheap.think'], changed: ['default', 'rules.night'] },
    keys: { added: ['joe', 'ann'], removed: ['eve', 'ann'], changed: ['bob'] },
    restart: ['PORT', 'Usage.path']
  })
  const nothing = { added: [], removed: [], changed: [] }
  t.strictSame(effectsOf(after, { ...after, config: await load(documents[1], after.config) }), { providers: nothing, rules: nothing, keys: nothing, restart: [] })
})

t.test('keys of the configuration come and go', async t => {
  const hash = new SecretHash('k')
  const key = (name: string, secret: string): { identity: ReturnType<typeof createIdentity>, secret: string } => ({ identity: createIdentity(name, name), secret })
  const ring = new KeyRing(hash, [key('ann', 'a'), key('bob', 'b')])
  t.match(ring.find('a'), { name: 'ann' })
  ring.configure([key('ann', 'another')])
  t.strictSame([ring.find('a'), ring.find('b')], [undefined, undefined], 'at once, though they were sent before')
  t.match(ring.find('another'), { name: 'ann' })
  ring.configure([])
  t.equal(ring.needed, true, 'what was closed stays so')
  ring.apply([{ hash: hash.of('s'), identity: createIdentity('s', 's', {}, 'admin'), expiresAt: 1000, revoked: false, revision: 1 }])
  t.strictSame([ring.stored(999).length, ring.stored(1000).length], [1, 0])
})
