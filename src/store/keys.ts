import { randomBytes } from 'node:crypto'
import { type Transaction, sql } from 'kysely'
import type { KnownKey } from '../account/key-ring.ts'
import { type SecretHash, hintOf, newSecret } from '../account/secret.ts'
import { ApiError } from '../errors.ts'
import { type KeyFields, NO_FIELDS, type StoredKey, columnsOf, knownKeyOf, storedKeyOf } from './key-row.ts'
import type { Database } from './store.ts'
import type { KeyTable, Tables } from './tables.ts'

/** The row of `setting` that counts changes of keys. */
const REVISION = 'key_revision'
const ID_BYTES = 12

export interface KeyRepositoryOptions {
  readonly hash: SecretHash
  /** Whether one of the store's keys must be an admin's: where the configuration has no such key. */
  readonly needsAdmin: () => boolean
  /** Told of every change that was made here, once it is committed. */
  readonly onChange: (key: KnownKey) => void
}

/** A key before and after a change; the same where there was nothing to change. */
export interface KeyChange { readonly before: StoredKey, readonly after: StoredKey }

/** Where a page of keys goes on: behind this one. */
export interface KeyPosition { readonly createdAt: number, readonly id: string }

/**
 * The keys of the store.
 *
 * Every change takes the next revision, from a row that stays locked up to its commit: so changes are committed in the order
 * of their revisions, and who asks for those behind the last that it saw misses none.
 */
export class KeyRepository {
  readonly #db: Database
  readonly #options: KeyRepositoryOptions

  constructor (db: Database, options: KeyRepositoryOptions) {
    this.#db = db
    this.#options = options
  }

  /**
   * Makes a key.
   * @returns it, and its secret, which nobody can be told again
   * @throws {ApiError} 409 when its name is taken, or nobody would be left who can manage keys
   */
  async create (fields: Partial<KeyFields> & Pick<KeyFields, 'name'>): Promise<{ key: StoredKey, secret: string }> {
    const secret = newSecret()
    const { after } = await this.#change(async (transaction, revision, now) => {
      await refuseTaken(transaction, fields.name)
      const after = await transaction.insertInto('client_key').values({
        ...columnsOf({ ...NO_FIELDS, ...fields }),
        id: `key_${randomBytes(ID_BYTES).toString('hex')}`,
        hash: this.#options.hash.of(secret),
        hint: hintOf(secret),
        created_at: now,
        updated_at: now,
        revoked_at: null,
        revision
      }).returningAll().executeTakeFirstOrThrow()
      return { after }
    })
    return { key: storedKeyOf(after), secret }
  }

  /** @throws {ApiError} 404 when there is none */
  async get (id: string): Promise<StoredKey> {
    return storedKeyOf(await rowOf(this.#db, id))
  }

  /** A page of keys, the latest first, those that were revoked among them. */
  async list (limit: number, after?: KeyPosition): Promise<StoredKey[]> {
    let query = this.#db.selectFrom('client_key').selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit)
    if (after !== undefined) {
      const { createdAt, id } = after
      query = query.where(eb => eb.or([eb('created_at', '<', createdAt), eb.and([eb('created_at', '=', createdAt), eb('id', '<', id)])]))
    }
    return (await query.execute()).map(storedKeyOf)
  }

  /**
   * Changes the fields that are given.
   * @throws {ApiError} 404 when there is none; 409 when it is revoked, its new name is taken, or nobody would be left who can
   * manage keys
   */
  async patch (id: string, fields: Partial<KeyFields>): Promise<KeyChange> {
    return keyChangeOf(await this.#change(async (transaction, revision, now) => {
      const before = await rowOf(transaction, id)
      if (before.revoked_at !== null) throw conflict(`The key ${before.name} is revoked, and stays so: make a new one.`)
      if (fields.name !== undefined && fields.name !== before.name) await refuseTaken(transaction, fields.name)
      return { before, after: await update(transaction, id, { ...columnsOf({ ...storedKeyOf(before), ...fields }), updated_at: now, revision }) }
    }))
  }

  /**
   * Revokes a key; one that is revoked already stays as it is.
   * @throws {ApiError} 404 when there is none; 409 when nobody would be left who can manage keys
   */
  async revoke (id: string): Promise<KeyChange> {
    return keyChangeOf(await this.#change(async (transaction, revision, now) => {
      const before = await rowOf(transaction, id)
      return { before, after: before.revoked_at === null ? await update(transaction, id, { revoked_at: now, updated_at: now, revision }) : before }
    }))
  }

  /** The keys that changed since a revision, in the order of their changes; all of them since 0. */
  async changesSince (revision: number): Promise<KnownKey[]> {
    const rows = await this.#db.selectFrom('client_key').selectAll().where('revision', '>', revision).orderBy('revision').execute()
    return rows.map(knownKeyOf)
  }

  async #change<Rows extends { after: KeyTable }> (work: (transaction: Transaction<Tables>, revision: number, now: number) => Promise<Rows>): Promise<Rows> {
    const { needsAdmin, onChange } = this.#options
    const rows = await this.#db.transaction().execute(async transaction => {
      const revision = await nextRevision(transaction)
      const now = Date.now()
      const changed = await work(transaction, revision, now)
      if (needsAdmin()) await refuseWithoutAdmin(transaction, now)
      return changed
    })
    onChange(knownKeyOf(rows.after))
    return rows
  }
}

function keyChangeOf ({ before, after }: { before: KeyTable, after: KeyTable }): KeyChange {
  return { before: storedKeyOf(before), after: storedKeyOf(after) }
}

/** Waits for whoever else changes a key. */
async function nextRevision (transaction: Transaction<Tables>): Promise<number> {
  const { value } = await transaction.insertInto('setting').values({ name: REVISION, value: '1' })
    .onConflict(conflict => conflict.column('name').doUpdateSet({ value: sql<string>`cast(cast(setting.value as bigint) + 1 as text)` }))
    .returning('value').executeTakeFirstOrThrow()
  return Number(value)
}

async function rowOf (db: Database, id: string): Promise<KeyTable> {
  const row = await db.selectFrom('client_key').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new ApiError('not_found_error', `There is no key ${id} in the store; keys of the configuration are changed there.`)
  return row
}

async function update (transaction: Transaction<Tables>, id: string, columns: Partial<KeyTable>): Promise<KeyTable> {
  return transaction.updateTable('client_key').set(columns).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
}

async function refuseTaken (transaction: Transaction<Tables>, name: string): Promise<void> {
  const taken = await transaction.selectFrom('client_key').select('id').where('name', '=', name).where('revoked_at', 'is', null).executeTakeFirst()
  if (taken !== undefined) throw conflict(`name: there is a key named ${name} already (${taken.id}); revoke that one, or take another name`)
}

async function refuseWithoutAdmin (transaction: Transaction<Tables>, now: number): Promise<void> {
  const admin = await transaction.selectFrom('client_key').select('id').where('role', '=', 'admin').where('revoked_at', 'is', null)
    .where(eb => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)])).limit(1).executeTakeFirst()
  if (admin === undefined) throw conflict('role: nobody could manage keys then, as APIKEY is not set: make a key with the role admin first, or set APIKEY')
}

function conflict (message: string): ApiError {
  return new ApiError('conflict_error', message, { retryable: false })
}
