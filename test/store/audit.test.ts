import { sql } from 'kysely'
import t from 'tap'
import { AuditLog, type AuditPosition, type NotedEntry } from '../../src/store/audit.ts'
import { openStore } from '../../src/store/open.ts'
import { onEachDatabase } from '../helper/databases.ts'

const LIMIT = 64 * 1024

await onEachDatabase(t, async (t, place) => {
  const store = await openStore({ store: place }, () => {})
  t.teardown(() => store.close())
  const audit = new AuditLog(store)

  await t.test('what is noted is read as it was, the latest first', async t => {
    const begin = Date.now()
    await audit.note({ actor: 'ann', action: 'key.create', subject: 'key_1', before: null, after: { name: 'bob', models: ['a*'], owner: 'Bö\u0000b "x" 🙂' } })
    await audit.note({ actor: 'local', action: 'key.revoke', subject: 'key_1', before: { name: 'bob' }, after: undefined })
    const entries = await audit.list({ size: 10 })
    t.strictSame(entries.map(({ id, at, ...rest }) => rest), [
      { actor: 'local', action: 'key.revoke', subject: 'key_1', before: { name: 'bob' }, after: null },
      { actor: 'ann', action: 'key.create', subject: 'key_1', before: null, after: { name: 'bob', models: ['a*'], owner: 'Bö\u0000b "x" 🙂' } }
    ])
    t.ok(entries.every(({ at }) => at >= begin && at <= Date.now()))
    t.ok((entries[0]?.id ?? 0) > (entries[1]?.id ?? 0))
  })

  await t.test('nobody can change or delete it', async t => {
    const before = await audit.list({ size: 10 })
    for (const statement of [sql`update audit set actor = 'nobody'`, sql`delete from audit`, sql`delete from audit where id = ${before[0]?.id}`, ...(place.kind === 'postgres' ? [sql`truncate audit`] : [])]) {
      await t.rejects(statement.execute(store.db), /the audit is only ever added to/)
    }
    t.strictSame(await audit.list({ size: 10 }), before)
  })

  await t.test('what is too large is cut, and says so', async t => {
    const noted = async (value: object): Promise<unknown> => {
      await audit.note({ actor: 'ann', action: 'config.change', subject: 'the configuration', before: null, after: value })
      const { rows: [row] } = await sql<{ after: string }>`select after from audit order by id desc limit 1`.execute(store.db)
      t.ok(Buffer.byteLength(row?.after ?? '') <= LIMIT)
      return (await audit.list({ size: 1 }))[0]?.after
    }
    const fits = { text: 'x'.repeat(LIMIT - '{"text":""}'.length) }
    t.strictSame(await noted(fits), fits, 'to the last byte')
    for (const character of ['x', '"', '\\', '\u0000', 'ü', '漢', '🙂', '\ud83d']) {
      const value = { text: character.repeat(LIMIT) }
      const json = JSON.stringify(value)
      const found = await noted(value) as { cut: boolean, bytes: number, beginning: string }
      t.match(found, { cut: true, bytes: Buffer.byteLength(json) })
      t.ok(found.beginning.length > 10_000 && json.startsWith(found.beginning), JSON.stringify(character))
    }
  })

  await t.test('pages and filters', async t => {
    const start = (await audit.list({ size: 1 }))[0]?.id ?? 0
    // Many may come of one millisecond.
    const rows = Array.from({ length: 40 }, (_, i) => ({ at: 1_000_000 + Math.floor(i / 15) * 1000, actor: i % 4 === 0 ? 'ann' : 'bob', action: i % 3 === 0 ? 'key.change' : 'config.change', subject: `subject ${i}`, before: null, after: null }))
    await store.db.insertInto('audit').values(rows).execute()
    const walk = async (filter: Omit<Parameters<typeof audit.list>[0], 'size' | 'before'>): Promise<NotedEntry[]> => {
      const found: NotedEntry[] = []
      for (let before: AuditPosition | undefined; ;) {
        const page = await audit.list({ ...filter, size: 7, before })
        found.push(...page)
        const last = page.at(-1)
        if (last === undefined) return found
        before = [last.at, last.id]
      }
    }
    const mine = (entries: NotedEntry[]): string[] => entries.filter(({ id }) => id > start).map(({ subject }) => subject)
    const expected = (fits: (row: typeof rows[number]) => boolean): string[] => rows.filter(fits).map(({ subject }) => subject).reverse()
    t.strictSame(mine(await walk({})), expected(() => true))
    t.strictSame(mine(await walk({ action: 'key.change' })), expected(({ action }) => action === 'key.change'))
    t.strictSame(mine(await walk({ actor: 'ann' })), expected(({ actor }) => actor === 'ann'))
    t.strictSame(mine(await walk({ from: 1_001_000, to: 1_002_000 })), expected(({ at }) => at === 1_001_000), 'from then on, and before then')
    t.strictSame(mine(await walk({ action: 'key.change', actor: 'ann', to: 1_001_000 })), expected(({ at, action, actor }) => at < 1_001_000 && action === 'key.change' && actor === 'ann'))
    t.strictSame(await walk({ actor: "' or 1=1 --" }), [])
  })
})
