import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import { dayOf } from '../src/account/period.ts'
import type { BudgetBook } from '../src/budget/book.ts'
import { LocalBook, REMEMBERED_DAYS, type Spend } from '../src/budget/local-book.ts'
import { SharedBook } from '../src/budget/shared-book.ts'
import { repeat } from '../src/repeat.ts'
import type { Store } from '../src/store/store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Holds keys to what they may spend; null where there is no account. */
    budgets: BudgetBook | null
  }
}

/** Milliseconds: three times within a lease. */
const RENEWAL = 20_000

/** What was spent since a day, by key. */
async function spentSince ({ db }: Store, day: number): Promise<Spend[]> {
  return await db.selectFrom('spend').select(['key_id as key', 'day', 'cost', 'tokens']).where('day', '>=', day).execute()
}

/** Replicas share their budgets in the database, and know what it said last. */
function share (app: FastifyInstance, store: Store, local: LocalBook, instance: string): SharedBook {
  const closing = new AbortController()
  const book = new SharedBook({ db: store.db, instance, local, warnAt: () => app.config.current.limits.budgetWarning, log: app.log as Logger })
  repeat(async () => {
    await book.renew()
    local.load(await spentSince(store, dayOf(Date.now()) - 1))
  }, RENEWAL, closing.signal, error => app.log.warn({ problem: (error as Error).message }, 'renewing what budgets keep free failed'))
  app.addHook('onClose', async () => closing.abort())
  return book
}

/** Budgets of keys: in this process alone over SQLite, in the database over PostgreSQL. */
async function budgets (app: FastifyInstance): Promise<void> {
  const { store, account } = app
  if (store === null || account === null) {
    const keys = app.config.current.keys.filter(({ identity }) => identity.budgets.length > 0).map(({ identity }) => identity.name)
    if (keys.length > 0) app.log.warn({ keys }, 'these keys have budgets, which nothing holds them to while Usage.enabled is false')
    app.decorate('budgets', null)
    return
  }
  const local = new LocalBook(await spentSince(store, dayOf(Date.now()) - REMEMBERED_DAYS), () => app.config.current.limits.budgetWarning)
  const book: BudgetBook = store.kind === 'sqlite' ? local : share(app, store, local, account.instance)
  app.decorate('budgets', book as BudgetBook | null)
}

export default fp(budgets, { name: 'budgets', fastify: '5.x', dependencies: ['config', 'store', 'ledger'] })
