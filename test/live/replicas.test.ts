import t from 'tap'
import { startApp } from '../helper/app.ts'
import { onPostgres } from '../helper/databases.ts'
import { until } from '../helper/until.ts'

/** Two replicas that have their configuration in PostgreSQL. */

const EDITS = 50
const HEADERS = { 'content-type': 'application/json', 'x-api-key': 'admin-key' }
const CONFIG = { APIKEY: 'admin-key', Providers: [{ name: 'p', api_base_url: 'http://127.0.0.1:9/v1', api_key: 'upstream-secret', models: ['m'] }], Router: { default: 'p,m', profiles: {} } }

t.setTimeout(180_000)

await onPostgres(t, 'two replicas, one configuration', async (t, place) => {
  const env = { DATABASE_URL: place.url, CONFIG_STORE: 'postgres' }
  const replicas = await Promise.all([startApp(t, { config: CONFIG, env }), startApp(t, { config: CONFIG, env })])
  const read = async (url: string): Promise<{ etag: string, document: { Router: { profiles: Record<string, object> } } }> => {
    const reply = await fetch(`${url}/api/config`, { headers: HEADERS })
    return { etag: reply.headers.get('etag') ?? '', document: await reply.json() as never }
  }
  const urls = replicas.map(({ url }) => url)
  const profilesOf = ({ app }: typeof replicas[0]): string[] => [...app.config.current.profiles.keys()].sort()

  await t.test('50 edits at once: none is lost, and both end equal', async t => {
    let conflicts = 0
    await Promise.all(Array.from({ length: EDITS }, async (_, i) => {
      const url = urls[i % 2] as string
      for (;;) {
        const { etag, document } = await read(url)
        const profiles = { ...document.Router.profiles, [`edit-${i}`]: { default: 'p,m' } }
        const reply = await fetch(`${url}/api/config`, { method: 'POST', headers: { ...HEADERS, 'if-match': etag }, body: JSON.stringify({ ...document, Router: { ...document.Router, profiles } }) })
        if (reply.status === 200) return await reply.arrayBuffer()
        if (reply.status !== 412) throw new Error(`${reply.status} ${await reply.text()}`)
        await reply.arrayBuffer()
        conflicts++
      }
    }))
    const wanted = Array.from({ length: EDITS }, (_, i) => `edit-${i}`).sort()
    await until('both have all edits', () => replicas.every(replica => profilesOf(replica).length === EDITS))
    for (const replica of replicas) t.strictSame(profilesOf(replica), wanted, 'in force')
    const [one, two] = await Promise.all(urls.map(read))
    t.strictSame(one, two, 'and as it is written')
    t.equal(one?.etag, `"${EDITS + 1}"`, 'one revision each')
    t.comment(`${EDITS} edits, ${conflicts} times somebody else was faster`)
  })

  await t.test('history tells who changed what', async t => {
    const { backups } = await (await fetch(`${urls[1]}/api/config/backups`, { headers: HEADERS })).json() as { backups: { name: string, author: string }[] }
    t.equal(backups.length, 50)
    t.match(backups[0], { author: 'APIKEY' })
    const restored = await fetch(`${urls[0]}/api/config/backups/${backups.at(-1)?.name}/restore`, { method: 'POST', headers: HEADERS })
    t.equal(restored.status, 200)
    await until('both have what was restored', () => replicas.every(replica => profilesOf(replica).length < EDITS))
    t.strictSame(profilesOf(replicas[0]), profilesOf(replicas[1]))
  })

  await t.test('a file that differs is not taken in again', async t => {
    const late = await startApp(t, { config: { ...CONFIG, Router: { default: 'p,m', profiles: { other: { default: 'p,m' } } } }, env })
    t.strictSame(profilesOf(late), profilesOf(replicas[0]))
  })
})

await onPostgres(t, 'a file that cannot be used does not begin the history', async (t, place) => {
  const env = { DATABASE_URL: place.url, CONFIG_STORE: 'postgres' }
  await t.rejects(startApp(t, { config: { ...CONFIG, Router: { default: 'p,other' } }, env }), /Router\.default: /)
  const { app } = await startApp(t, { config: CONFIG, env })
  t.ok(app.config.current.providers.has('p'), 'once it is right, it does')
})

t.test('PostgreSQL that is not named', async t => {
  await t.rejects(startApp(t, { config: CONFIG, env: { CONFIG_STORE: 'postgres' } }), /CONFIG_STORE: is postgres, so DATABASE_URL must begin with postgres/)
  await t.rejects(startApp(t, { config: CONFIG, env: { CONFIG_STORE: 'redis' } }), /CONFIG_STORE: must be/)
})
