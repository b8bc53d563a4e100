import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Logger } from 'pino'
import { dayOf } from '../src/account/period.ts'
import type { BudgetBook } from '../src/budget/book.ts'
import { LocalBook } from '../src/budget/local-book.ts'
import { Notices } from '../src/budget/notices.ts'
import { LONGEST_PERIOD, type Spend } from '../src/budget/purse.ts'
import { repeat } from '../src/repeat.ts'
import type { Store } from '../src/store/store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Holds keys to what they may spend; null where there is no account. */
    budgets: BudgetBook | null
  }
}

/** What was spent in the longest period, by all keys or one. */
async function readSpent ({ db }: Store, key?: string): Promise<Spend[]> {
  const days = db.selectFrom('spend').select(['key_id as key', 'day', 'cost', 'tokens']).where('day', '>=', dayOf(Date.now()) - LONGEST_PERIOD)
  return await (key === undefined ? days : days.where('key_id', '=', key)).execute()
}

/** Replicas share their budgets in the database. Only then is what it takes loaded. */
async function openShared (app: FastifyInstance, parts: { url: string, instance: string, spent: readonly Spend[], notices: Notices }): Promise<BudgetBook> {
  const { LEASE, SharedBook } = await import('../src/budget/shared-book.ts')
  const book = new SharedBook({ ...parts, log: app.log as Logger })
  const closing = new AbortController()
  // Twice may a renewal fail before a lease ends. What fails is told by the book.
  repeat(() => book.renew(), LEASE / 3, closing.signal, () => {})
  app.addHook('onClose', async () => {
    closing.abort()
    await book.close()
  })
  return book
}

async function openBook (app: FastifyInstance, store: Store, instance: string): Promise<BudgetBook> {
  const { usage: { store: place } } = app.config.current
  const log = app.log as Logger
  const notices = new Notices(() => app.config.current.limits.budgetWarning, log)
  const spent = await readSpent(store)
  if (place.kind === 'postgres') return await openShared(app, { url: place.url, instance, spent, notices })
  return new LocalBook({ spent, read: key => readSpent(store, key), notices, log })
}

/** Budgets of keys. What processes that are gone had left open is counted by now: the ledger comes first. */
async function budgets (app: FastifyInstance): Promise<void> {
  const { store, account } = app
  const book = store === null || account === null ? null : await openBook(app, store, account.instance)
  app.decorate('budgets', book)
  const keys = app.config.current.keys.filter(({ identity }) => identity.budgets.length > 0).map(({ identity }) => identity.name)
  if (book === null && keys.length > 0) app.log.warn({ keys }, 'these keys have budgets, and nothing holds them to these: Usage.enabled is false')
}

export default fp(budgets, { name: 'budgets', fastify: '5.x', dependencies: ['config', 'store', 'ledger'] })
