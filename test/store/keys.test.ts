import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type KnownKey, KeyRing } from '../../src/account/key-ring.ts'
import { SecretHash } from '../../src/account/secret.ts'
import { readHashKey } from '../../src/store/hash-key.ts'
import { KeyRepository } from '../../src/store/keys.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { NO_POSTGRES, postgresPlace, sqlitePlace } from '../helper/databases.ts'

/** Of connections that nobody uses: their ends at the end of the test are no failure. */
const ignore = (): void => {}
/** That two replicas make at once. */
const NAMES = 20
const hash = new SecretHash('a key')

function repositoryOf ({ db }: Store, needsAdmin = false, changes: KnownKey[] = []): KeyRepository {
  return new KeyRepository(db, { hash, needsAdmin: () => needsAdmin, onChange: key => changes.push(key) })
}

for (const kind of ['sqlite', 'postgres'] as const) {
  t.test(kind, async t => {
    const place = async (): Promise<Awaited<ReturnType<typeof postgresPlace>>> => kind === 'sqlite' ? sqlitePlace(t) as never : postgresPlace(t)
    const first = await place()
    if (first === undefined) {
      t.pass(`skipped: ${NO_POSTGRES}`, { skip: NO_POSTGRES })
      return
    }
    const open = async (at = first): Promise<Store> => {
      const store = await openStore({ store: at }, ignore)
      t.teardown(() => store.close())
      return store
    }
    const store = await open()

    await t.test('replicas that start at once hash with one key', async t => {
      const replicas = [store, await open(), await open()]
      const keys = await Promise.all(replicas.map(({ db }) => readHashKey(db)))
      t.match(keys[0], /^[0-9a-f]{64}$/)
      t.strictSame(keys, [keys[0], keys[0], keys[0]])
      t.equal(await readHashKey(store.db), keys[0])
    })

    await t.test('a key is made, read, changed and revoked', async t => {
      const changes: KnownKey[] = []
      const repository = repositoryOf(store, false, changes)
      const settings = { role: 'viewer', owner: 'Ann', team: 'team 1', models: ['a*', 'b,c'], providers: ['x'], budgets: [{ per: 'day', usd: 1.5 }], requestsPerMinute: 2_147_483_647, tokensPerMinute: Number.MAX_SAFE_INTEGER, concurrentStreams: 3, profile: 'cheap', expiresAt: 4_000_000_000_000 } as const
      const { key, secret } = await repository.create({ name: 'ann', ...settings })
      t.match(key, { id: /^key_[0-9a-f]{24}$/, name: 'ann', ...settings, hint: secret.slice(-4), revokedAt: null })
      t.ok(Math.abs(key.createdAt - Date.now()) < 5000)
      t.strictSame(await repository.get(key.id), key)
      t.notMatch(JSON.stringify(key), new RegExp(`${secret}|${hash.of(secret)}`))
      t.notMatch(JSON.stringify(await store.db.selectFrom('client_key').selectAll().execute()), new RegExp(secret), 'the secret is kept nowhere')

      const ring = new KeyRing(hash, [])
      ring.apply(changes)
      t.match(ring.find(secret), { id: key.id, name: 'ann', role: 'viewer', team: 'team 1', models: ['a*', 'b,c'], limits: { concurrentStreams: 3 }, budgets: [{ per: 'day', cost: 1_500_000 }], profile: 'cheap' })

      await sleep(2)
      const { before, after: patched } = await repository.patch(key.id, { name: 'anna', team: null, budgets: [], requestsPerMinute: 5, expiresAt: null })
      t.strictSame(patched, { ...key, name: 'anna', team: null, budgets: [], requestsPerMinute: 5, expiresAt: null, updatedAt: patched.updatedAt })
      t.ok(patched.updatedAt > key.updatedAt)
      t.strictSame(before, key)
      ring.apply(changes)
      t.match(ring.find(secret), { name: 'anna', team: null, budgets: [], limits: { requestsPerMinute: 5, tokensPerMinute: Number.MAX_SAFE_INTEGER } })

      const { after: revoked, ...rest } = await repository.revoke(key.id)
      t.strictSame(rest, { before: patched })
      t.strictSame(await repository.revoke(key.id), { before: revoked, after: revoked }, 'twice is once')
      t.type(revoked.revokedAt, 'number')
      ring.apply(changes)
      t.equal(ring.find(secret), 'revoked')
      await t.rejects(repository.patch(key.id, { team: 'x' }), { status: 409, message: /anna is revoked/ })
      for (const work of [() => repository.get('key_0'), () => repository.patch('key_0', {}), () => repository.revoke('key_0')] as (() => Promise<unknown>)[]) await t.rejects(work, { status: 404, message: /no key key_0/ })
      t.equal(changes.length, 4, 'what failed is no change')
    })

    await t.test('a name is free again with its key revoked', async t => {
      const repository = repositoryOf(store)
      const { key } = await repository.create({ name: 'bob' })
      t.match(key, { role: 'inference', owner: null, models: null, budgets: [], expiresAt: null })
      const { key: other } = await repository.create({ name: 'carl' })
      await t.rejects(repository.create({ name: 'bob' }), { type: 'conflict_error', status: 409, retryable: false, message: new RegExp(`named bob .*${key.id}`) })
      await t.rejects(repository.patch(other.id, { name: 'bob' }), { status: 409, message: /named bob/ })
      t.equal((await repository.patch(key.id, { name: 'bob', team: 'x' })).after.team, 'x', 'its own name it may keep')
      await repository.revoke(key.id)
      t.equal((await repository.patch(other.id, { name: 'bob' })).after.name, 'bob')
      await repository.revoke(other.id)
    })

    await t.test('two replicas that make keys at once: each name once, and who follows them misses none', async t => {
      const [one, two] = [repositoryOf(store), repositoryOf(await open())]
      const begin = (await one.changesSince(0)).at(-1)?.revision ?? 0
      const seen: KnownKey[] = []
      let done = false
      const following = (async () => {
        const follower = repositoryOf(await open())
        for (let last = begin, ending = false; ;) {
          ending = done
          const changes = await follower.changesSince(last)
          seen.push(...changes)
          last = changes.at(-1)?.revision ?? last
          if (ending) return
        }
      })()
      const results = await Promise.allSettled(Array.from({ length: NAMES }, (_, i) => [one, two].map(repository => repository.create({ name: `key-${i}` }))).flat())
      done = true
      await following
      const made = results.flatMap(result => result.status === 'fulfilled' ? [result.value.key.id] : [])
      const refused = results.flatMap(result => result.status === 'rejected' ? [(result.reason as { type: string }).type] : [])
      t.equal(made.length, NAMES)
      t.strictSame(refused, Array.from({ length: NAMES }, () => 'conflict_error'))
      t.strictSame(seen.map(({ identity }) => identity.id).sort(), [...made].sort())
      const revisions = seen.map(({ revision }) => revision)
      t.strictSame(revisions, Array.from({ length: NAMES }, (_, i) => begin + 1 + i), 'what is refused takes no revision')
    })

    await t.test('pages, the latest first', async t => {
      const repository = repositoryOf(store)
      // Many may come of one millisecond.
      const { createdAt } = await repository.get((await repository.list(5))[4]?.id ?? '')
      await store.db.updateTable('client_key').set({ created_at: createdAt }).where('name', 'like', 'key-1%').execute()
      const all = await repository.list(1000)
      t.ok(all.length > NAMES)
      const paged = []
      for (let after; ;) {
        const page = await repository.list(7, after)
        paged.push(...page)
        after = page.at(-1)
        if (after === undefined) break
      }
      t.strictSame(paged, all)
      t.ok(all.every(({ createdAt }, i) => createdAt <= (all[i - 1]?.createdAt ?? Infinity)))
      t.ok(all.filter(key => key.createdAt === createdAt).length > 7)
    })

    await t.test('where the configuration has no admin, the store keeps one', async t => {
      const own = await place()
      const repository = repositoryOf(await open(own), true)
      const nobody = { status: 409, message: /nobody could manage keys/ }
      await t.rejects(repository.create({ name: 'first' }), nobody)
      await t.rejects(repository.create({ name: 'first', role: 'admin', expiresAt: 1 }), nobody, 'an expired one is none')
      const { key } = await repository.create({ name: 'first', role: 'admin' })
      await repository.create({ name: 'second' })
      await t.rejects(repository.patch(key.id, { role: 'viewer' }), nobody)
      await t.rejects(repository.revoke(key.id), nobody)
      t.match(await repository.get(key.id), { role: 'admin', revokedAt: null })
      const { key: other } = await repository.create({ name: 'third', role: 'admin', expiresAt: Date.now() + 60_000 })
      t.type((await repository.revoke(key.id)).after.revokedAt, 'number')
      await t.rejects(repository.revoke(other.id), nobody)
    })
  })
}
