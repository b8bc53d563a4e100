import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { HEARTBEAT, Instances } from '../src/ledger/instances.ts'
import { Ledger } from '../src/ledger/ledger.ts'
import { deleteOld } from '../src/ledger/retention.ts'
import { Spool } from '../src/ledger/spool.ts'
import { StoreSink } from '../src/ledger/store-sink.ts'
import { LedgerWriter } from '../src/ledger/writer.ts'
import { repeat } from '../src/repeat.ts'
import type { Store } from '../src/store/store.ts'

/** The ledger and what keeps it. */
export interface Account {
  readonly ledger: Ledger
  readonly sink: StoreSink
  /** The name of this process in the store. */
  readonly instance: string
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Where tries are noted; null where the configuration says that they are not. */
    account: Account | null
  }
}

/** Milliseconds between two looks for what other processes left open, and for what is too old. */
const SWEEP = 30_000
const RETENTION = 3_600_000

/** Takes the ledger in hand: what was left open or in files by processes that are gone is settled before anything is served. */
async function keep (app: FastifyInstance, store: Store): Promise<void> {
  const { usage } = app.config.current
  const log = app.log as Logger
  const writer = new LedgerWriter(store)
  const instances = new Instances(store, writer)
  const sink = new StoreSink(writer, new Spool(usage.spoolFolder, instances.id), () => sql`select 1`.execute(store.db), log)
  const ledger = new Ledger(sink, usage.commitWait)
  const ending = new AbortController()

  const sweep = async (): Promise<void> => {
    const closed = await instances.closeOrphans()
    if (closed > 0) log.warn({ entries: closed }, 'entries that a process left open were closed as interrupted')
  }
  await instances.register()
  await sink.replay()
  await sweep()
  app.decorate('account', { ledger, sink, instance: instances.id })

  const failed = (what: string) => (error: unknown): void => { if (!sink.isDown) log.warn({ problem: (error as Error).message }, `${what} failed`) }
  repeat(() => instances.beat(), HEARTBEAT, ending.signal, failed('a sign of life to the store'))
  repeat(sweep, SWEEP, ending.signal, failed('looking for entries that were left open'))
  repeat(() => deleteOld(store, usage.keepDays, ending.signal), RETENTION, ending.signal, failed('deleting old entries'))

  app.addHook('onClose', async () => {
    ending.abort()
    await ledger.flush()
    await sink.close()
    await instances.leave().catch(failed('leaving the store'))
  })
}

/** The account of what was used. */
async function ledger (app: FastifyInstance): Promise<void> {
  if (app.store === null) app.decorate('account', null)
  else await keep(app, app.store)
}

export default fp(ledger, { name: 'ledger', fastify: '5.x', dependencies: ['config', 'store'] })
