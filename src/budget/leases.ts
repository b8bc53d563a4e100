import type { Amount } from './book.ts'
import type { Run } from './database-link.ts'
import { NOW, counts } from './reserve-message.ts'

/** What is kept free for a request that runs here. */
export interface Running extends Amount { readonly key: string }

/** A database that was away for long cannot be told of all that ended meanwhile: the rest lapses. */
const MAX_ENDED = 10_000

/** Rows that another is about to delete are passed over: whoever waits for nobody stops nobody. */
const DELETE = 'delete from reservation where request_id in (select request_id from reservation where request_id = any($1) for update skip locked)'
const SWEEP = `delete from reservation where request_id in (select r.request_id from reservation r where not coalesce(${counts('r', NOW)}, false) for update skip locked)`
/** Also what the database does not know (any more), since it was away: that is returned. */
const RENEW = `
  with mine as materialized (select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as m (request_id, key_id, cost, tokens)),
  lease as materialized (select ${NOW} + $6::bigint as expires_at),
  renewed as (
    update reservation r set expires_at = lease.expires_at from lease
    where r.request_id in (select f.request_id from reservation f join mine using (request_id) for update of f skip locked)
  )
  insert into reservation (request_id, key_id, instance, cost, tokens, expires_at)
  select m.request_id, m.key_id, $5, m.cost, m.tokens, lease.expires_at from mine m cross join lease
  where not exists (select from reservation k where k.request_id = m.request_id)
  on conflict (request_id) do nothing returning request_id`

/** The reservations of this process in the database: what runs is renewed, what nobody will settle is deleted. */
export class Leases {
  readonly #instance: string
  readonly #lease: number
  readonly #running = new Map<string, Running>()
  /** To be deleted. */
  #ended = new Set<string>()
  /** Ended while they were put there anew: the ledger may be about to count them, and deletes them then. */
  #strays: string[] = []

  /** @param lease how long a reservation holds unless it is renewed, in ms */
  constructor (instance: string, lease: number) {
    this.#instance = instance
    this.#lease = lease
  }

  /** A request runs. */
  add (requestId: string, running: Running): void {
    this.#ended.delete(requestId)
    this.#running.set(requestId, running)
  }

  /** It is over; the ledger deletes its reservation when it counts what it came to. */
  settled (requestId: string): void {
    this.#running.delete(requestId)
  }

  /** It is over, or does not run at all, and the ledger knows nothing of it. */
  ended (requestId: string): void {
    this.#running.delete(requestId)
    if (this.#ended.size >= MAX_ENDED) this.#ended.clear()
    this.#ended.add(requestId)
  }

  /** Deletes what is of no use any more. */
  async tidy (run: Run): Promise<void> {
    const ids = [...this.#ended]
    if (ids.length === 0) return
    this.#ended = new Set()
    try {
      await run(DELETE, [ids])
    } catch (error) {
      for (const id of ids) this.#ended.add(id)
      throw error
    }
  }

  /** Renews what runs here, and deletes what lapsed, whoever's it was. */
  async renew (run: Run): Promise<void> {
    for (const id of this.#strays.splice(0)) if (!this.#running.has(id)) this.#ended.add(id)
    await this.tidy(run)
    const running = [...this.#running]
    if (running.length > 0) {
      const values = [running.map(([id]) => id), running.map(([, { key }]) => key), running.map(([, { cost }]) => cost), running.map(([, { tokens }]) => tokens), this.#instance, this.#lease]
      const [inserted] = await run(RENEW, values)
      for (const { request_id: id } of inserted?.rows ?? []) if (!this.#running.has(id)) this.#strays.push(id)
    }
    await run(SWEEP)
  }
}
