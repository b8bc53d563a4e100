import t from 'tap'
import { writeFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { openStore } from '../../src/store/open.ts'
import { NO_POSTGRES, postgresPlace, sqlitePlace } from '../helper/databases.ts'

const fail = (error: Error): void => { throw error }

for (const kind of ['sqlite', 'postgres'] as const) {
  t.test(kind, async t => {
    const place = kind === 'sqlite' ? await sqlitePlace(t) : await postgresPlace(t)
    if (place === undefined) {
      t.pass(`skipped: ${NO_POSTGRES}`, { skip: NO_POSTGRES })
      return
    }

    await t.test('several processes may start at once, and find one set of tables', async t => {
      const stores = await Promise.all([1, 2, 3].map(() => openStore({ store: place }, fail)))
      await stores[0]?.db.insertInto('setting').values({ name: 'a', value: 'b' }).execute()
      for (const store of stores) {
        t.strictSame(await store.db.selectFrom('setting').selectAll().execute(), [{ name: 'a', value: 'b' }])
        t.strictSame(await store.reader.selectFrom('setting').select('value').execute(), [{ value: 'b' }])
        await store.close()
      }
    })

    await t.test('rows are written many at a time, in a transaction that can be undone', async t => {
      const store = await openStore({ store: place }, fail)
      t.teardown(() => store.close())
      const compiled = store.db.insertInto('spend').values({ key_id: 'x', day: 1, cost: 1, tokens: 1 }).onConflict(conflict => conflict.columns(['key_id', 'day']).doUpdateSet({ cost: eb => eb('spend.cost', '+', eb.ref('excluded.cost')) })).compile()
      const rows = (n: number): unknown[][] => Array.from({ length: n }, (_, i) => [`key ${i}`, 1, 9_007_199_254_740_000, 2])
      t.equal(await store.db.transaction().execute(trx => store.writeMany(trx, { sql: compiled.sql, rows: rows(20_000) })), 20_000)
      await t.rejects(store.db.transaction().execute(async trx => {
        await store.writeMany(trx, { sql: compiled.sql, rows: [['key 0', 1, 5, 5]] })
        throw new Error('no')
      }), /no/)
      t.strictSame(await store.db.selectFrom('spend').selectAll().where('key_id', '=', 'key 0').execute(), [{ key_id: 'key 0', day: 1, cost: 9_007_199_254_740_000, tokens: 2 }])
      t.equal(await store.db.transaction().execute(trx => store.writeMany(trx, { sql: compiled.sql, rows: [['key 0', 1, 5, 5], ['key x', 1, 5, 5]] })), 2)
      t.strictSame(await store.db.selectFrom('spend').select(['cost']).where('key_id', '=', 'key 0').executeTakeFirst(), { cost: 9_007_199_254_740_005 })
    })

    await t.test('a store of a newer program is refused', async t => {
      const store = await openStore({ store: place }, fail)
      await sql`insert into kysely_migration (name, timestamp) values ('9999-later', 'now')`.execute(store.db)
      await store.close()
      await t.rejects(openStore({ store: place }, fail), /it was made by a newer Switchyard \(9999-later\)/)
    })
  })
}

t.test('a file that is no database is refused', async t => {
  const { path } = await sqlitePlace(t)
  await writeFile(path, 'not a database, but long enough to be taken for one'.repeat(100))
  await t.rejects(openStore({ store: { kind: 'sqlite', path } }, fail), /not a database/)
})
