import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import t from 'tap'
import { UnexpectedCount } from '../../src/store/store.ts'
import { openStore } from '../../src/store/open.ts'
import { onEachDatabase, sqlitePlace } from '../helper/databases.ts'

const fail = (error: Error): void => { throw error }

await onEachDatabase(t, async (t, place) => {
  await t.test('several processes may start at once, and find one set of tables', async t => {
    const stores = await Promise.all([1, 2, 3].map(() => openStore({ store: place }, fail)))
    await stores[0]?.db.insertInto('setting').values({ name: 'a', value: 'b' }).execute()
    for (const store of stores) {
      t.strictSame(await store.db.selectFrom('setting').selectAll().execute(), [{ name: 'a', value: 'b' }])
      t.strictSame(await store.reader.selectFrom('setting').select('value').execute(), [{ value: 'b' }])
      await store.close()
    }
  })

  await t.test('a batch is written whole or not at all', async t => {
    const store = await openStore({ store: place }, fail)
    t.teardown(() => store.close())
    const { sql } = store.db.insertInto('spend').values({ key_id: 'x', day: 1, cost: 1, tokens: 1 }).onConflict(conflict => conflict.columns(['key_id', 'day']).doUpdateSet({ cost: eb => eb('spend.cost', '+', eb.ref('excluded.cost')) })).compile()
    const many = Array.from({ length: 20_000 }, (_, i) => [`key ${i}`, 1, 9_007_199_254_740_000, 2])
    const costOf = async (key: string): Promise<number | undefined> => (await store.db.selectFrom('spend').select('cost').where('key_id', '=', key).executeTakeFirst())?.cost
    await store.writeBatch([{ sql, rows: many, expected: 20_000 }])
    await t.rejects(store.writeBatch([{ sql, rows: [['key 0', 1, 5, 5]] }, { sql, rows: [['key 1', 1, 5, 5]], expected: 2 }]), UnexpectedCount)
    await t.rejects(store.writeBatch([{ sql, rows: [['key 0', 1, 5, 5]] }, { sql, rows: [[null, 1, 5, 5]] }]), /null/i)
    t.equal(await costOf('key 0'), 9_007_199_254_740_000)
    await store.writeBatch([{ sql, rows: [['key 0', 1, 5, 5], ['key x', 1, 5, 5]], expected: 2 }, { sql, rows: [] }])
    t.strictSame([await costOf('key 0'), await costOf('key x')], [9_007_199_254_740_005, 5])
  })

  await t.test('a batch waits for a transaction that is under way', async t => {
    const store = await openStore({ store: place }, fail)
    t.teardown(() => store.close())
    const { sql } = store.db.insertInto('setting').values({ name: 'x', value: 'y' }).compile()
    let batch: Promise<void> | undefined
    await store.db.transaction().execute(async trx => {
      await trx.insertInto('setting').values({ name: 'first', value: '' }).execute()
      batch = store.writeBatch([{ sql, rows: [['second', '']] }])
      await sleep(50)
      await trx.insertInto('setting').values({ name: 'third', value: '' }).execute()
    })
    await batch
    t.equal((await store.db.selectFrom('setting').select('name').where('name', 'in', ['first', 'second', 'third']).execute()).length, 3)
  })

  await t.test('a store of a newer program is refused', async t => {
    const store = await openStore({ store: place }, fail)
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', 'now')`.execute(store.db)
    await store.close()
    await t.rejects(openStore({ store: place }, fail), /it was made by a newer Switchyard \(9999-later\)/)
  })
})

t.test('a file that is no database is refused', async t => {
  const { path } = await sqlitePlace(t)
  await writeFile(path, 'not a database, but long enough to be taken for one'.repeat(100))
  await t.rejects(openStore({ store: { kind: 'sqlite', path } }, fail), /not a database/)
})
