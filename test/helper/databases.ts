import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'
import type { UsageSettings } from '../../src/config/snapshot.ts'

type Place = UsageSettings['store']
type Teardown = Pick<Test, 'teardown'>

/** Where PostgreSQL is looked for: whoever may make databases there. */
const ADMIN = process.env['TEST_DATABASE_URL'] ?? `postgres://${userInfo().username}@127.0.0.1:5432/postgres`
/** Set where these services must be there: a test that needs them fails then, and is not skipped. */
const REQUIRED = process.env['CI_SERVICES'] === 'required'

/** A new SQLite file, gone with the test. */
export async function sqlitePlace (t: Teardown): Promise<Extract<Place, { kind: 'sqlite' }>> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-store-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return { kind: 'sqlite', path: join(folder, 'account.db') }
}

/** A new PostgreSQL database, gone with the test; undefined where there is no server and none is required. */
export async function postgresPlace (t: Teardown): Promise<Extract<Place, { kind: 'postgres' }> | undefined> {
  const name = `switchyard_${randomUUID().replaceAll('-', '').slice(0, 16)}`
  try {
    await administer(`create database ${name}`)
  } catch (error) {
    if (REQUIRED) throw error
    return undefined
  }
  t.teardown(() => administer(`drop database if exists ${name} with (force)`))
  const url = new URL(ADMIN)
  url.pathname = `/${name}`
  return { kind: 'postgres', url: url.href }
}

/** Runs a test on a new database of each kind; where there is no PostgreSQL, it says that it skips that. */
export async function onEachDatabase (t: Test, test: (t: Test, place: Place) => Promise<void>): Promise<void> {
  await t.test('sqlite', async t => test(t, await sqlitePlace(t)))
  await onPostgres(t, 'postgres', test)
}

/** Runs a test on a new PostgreSQL database; where there is no server, it says that it skips. */
export async function onPostgres (t: Test, name: string, test: (t: Test, place: Extract<Place, { kind: 'postgres' }>) => Promise<void>): Promise<void> {
  await t.test(name, async t => {
    const place = await postgresPlace(t)
    if (place === undefined) t.pass(`skipped: ${NO_POSTGRES}`, { skip: NO_POSTGRES })
    else await test(t, place)
  })
}

/** The variable that names a database. */
export function databaseUrl (place: Place): string {
  return place.kind === 'sqlite' ? `sqlite:${place.path}` : place.url
}

/** Why a test that needs a service is skipped. */
export const NO_POSTGRES = 'no PostgreSQL answers at 127.0.0.1:5432'

async function administer (statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: ADMIN, connectionTimeoutMillis: 2000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
