import type pg from 'pg'
import type { Logger } from 'pino'
import { backupName, backupTime } from '../config/place/backup-name.ts'
import { type Backup, type Change, type ConfigPlace, Conflict, PlaceError, type Version } from '../config/place/place.ts'
import { openStore } from './open.ts'
import { createPool } from './postgres/pool.ts'
import { CHANNEL, RevisionWatch, TIMEOUT } from './revision-watch.ts'

/** Of their own: the configuration is changed rarely, and must be even where the account is busy. */
const CONNECTIONS = 2
/** Revisions whose texts are kept, the newest among them: of older ones it stays known who changed what, and when. */
const KEPT = 50
const REVISION = /^\d{1,15}$/

const NOW = '(extract(epoch from clock_timestamp()) * 1000)::bigint'
const READ = 'select revision, text from config_revision order by revision desc limit 1'
const IMPORT = `insert into config_revision (revision, at, author, text, difference) values (1, ${NOW}, $1, $2, '[]') on conflict do nothing returning revision`
const LIST = 'select at, author from config_revision where text is not null order by revision desc limit $1'
const READ_BACKUP = 'select text from config_revision where at = $1 and text is not null'
/**
 * One statement, and so whole or not at all, whatever becomes of this process or its connection meanwhile. Of several behind
 * one revision the first wins: the others wait for its commit, and then find the number taken.
 */
const WRITE = `with last as (
  select revision, at, author from config_revision order by revision desc limit 1
), written as (
  insert into config_revision (revision, at, author, text, difference)
  select $1::bigint + 1, greatest(${NOW}, coalesce((select at from last), 0) + 1), $2, $3, $4
  where coalesce((select revision from last), 0) = $1 on conflict do nothing returning revision
), forgotten as (
  update config_revision set text = null where text is not null and revision <= (select revision - ${KEPT} from written)
)
select written.revision, last.at, last.author, pg_notify('${CHANNEL}', written.revision::text) from written left join last on true`

export interface PostgresPlaceOptions {
  readonly url: string
  /** What becomes the first revision where there is none yet; null for nothing. */
  readonly import: string | null
  /** Who is said to have written that. */
  readonly author: string
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/** A revision as a backup; `at` as the database sends whole numbers. */
interface Row { readonly at: string, readonly author: string }

/**
 * The document in PostgreSQL, for all replicas, with its history: each change is a revision, and the newest one counts. Every
 * revision is a backup of itself. While the database hangs nobody waits for it for more than some seconds.
 */
export class PostgresPlace implements ConfigPlace {
  readonly kind = 'postgres'
  readonly source = 'the database'
  readonly #pool: pg.Pool
  readonly #options: PostgresPlaceOptions
  readonly #writes = new Set<Promise<unknown>>()
  /** The newest revision that was written here, or was read after `watch` had told of it. */
  #seen = 0
  /** The newest revision that `watch` told of. */
  #told = 0
  #watch: RevisionWatch | undefined
  #closing: Promise<unknown> | undefined

  private constructor (options: PostgresPlaceOptions) {
    this.#options = options
    this.#pool = createPool({
      connectionString: options.url,
      max: CONNECTIONS,
      connectionTimeoutMillis: TIMEOUT,
      query_timeout: TIMEOUT,
      application_name: 'switchyard configuration'
    })
  }

  /**
   * Connects, with the tables up to date. Of replicas that start at once with no revision there, one takes its text in.
   * @throws {PlaceError} when the database cannot be used
   */
  static async open (options: PostgresPlaceOptions): Promise<PostgresPlace> {
    const place = new PostgresPlace(options)
    try {
      const store = await openStore({ store: { kind: 'postgres', url: options.url } }, () => {}).catch((error: unknown) => { throw problemOf('cannot be kept', error) })
      await store.close()
      await place.#import()
      place.#seen = Number((await place.read()).revision)
      return place
    } catch (error) {
      await place.close()
      throw error
    }
  }

  async read (): Promise<Version> {
    const [row] = await this.#query<{ revision: string, text: string }>('cannot be read', READ)
    const version = row ?? { text: null, revision: '0' }
    this.#seen = Math.max(this.#seen, Math.min(this.#told, Number(version.revision)))
    return version
  }

  async write ({ text, author, difference }: Change, revision: string): Promise<{ version: Version, backup: Backup | null }> {
    if (!REVISION.test(revision)) throw new Conflict((await this.read()).revision)
    const writing = this.#query<{ revision: string } & ({ at: null } | Row)>('cannot be written', WRITE, [revision, author, text, JSON.stringify(difference)])
    this.#writes.add(writing)
    try {
      const [row] = await writing
      if (row === undefined) throw new Conflict((await this.read()).revision)
      this.#seen = Math.max(this.#seen, Number(row.revision))
      return { version: { text, revision: row.revision }, backup: row.at === null ? null : backupOf(row) }
    } finally {
      this.#writes.delete(writing)
    }
  }

  /** Nothing has to be done: what is there is a revision already. */
  async backUp (): Promise<Backup | null> {
    const [row] = await this.#query<Row>('cannot be read', LIST, [1])
    return row === undefined ? null : backupOf(row)
  }

  async backups (): Promise<Backup[]> {
    return (await this.#query<Row>('cannot be read', LIST, [KEPT])).map(backupOf)
  }

  async readBackup (name: string): Promise<string | undefined> {
    const at = backupTime(name)
    if (at === undefined) return undefined
    const [row] = await this.#query<{ text: string }>('cannot be read', READ_BACKUP, [at.getTime()])
    return row?.text
  }

  whereIs ({ name }: Backup): string {
    return name
  }

  async watch (changed: () => void): Promise<void> {
    const { url, log } = this.#options
    this.#watch = new RevisionWatch({ url, log, heard: revision => { this.#heard(revision, changed).catch(() => {}) } })
    await this.#watch.open()
  }

  async close (): Promise<void> {
    await (this.#closing ??= Promise.all([this.#watch?.close(), this.#pool.end()]))
  }

  async #import (): Promise<void> {
    const { import: text, author, log } = this.#options
    if (text === null) return
    const imported = await this.#query('cannot be written', IMPORT, [author, text])
    if (imported.length > 0) log.info({ author }, 'the configuration was taken into the database: from now on it is changed there')
  }

  /** Tells of a revision that others wrote: again at every look, until it was read, which may fail. */
  async #heard (revision: number, changed: () => void): Promise<void> {
    // One that is written here may be heard of before that is answered.
    await Promise.allSettled(this.#writes)
    if (this.#closing !== undefined || !(revision > this.#seen)) return
    this.#told = revision
    changed()
  }

  /** @throws {PlaceError} */
  async #query<Row extends pg.QueryResultRow> (what: string, statement: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(statement, [...values])).rows
    } catch (error) {
      throw problemOf(what, error)
    }
  }
}

function backupOf ({ at, author }: Row): Backup {
  const time = new Date(Number(at))
  return { name: backupName(time), at: time, author }
}

/** In words only: in errors of the driver the address may stand, and in that the password. */
function problemOf (what: string, error: unknown): PlaceError {
  const { message, code } = error as NodeJS.ErrnoException
  return new PlaceError(`The configuration in the database ${what}: ${message || code || 'it does not answer'}`)
}
