import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ConfigError } from '../src/config/config-error.ts'
import type { UsageSettings } from '../src/config/snapshot.ts'
import { openStore } from '../src/store/open.ts'
import type { Store } from '../src/store/store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Where the account is kept; null where the configuration says that there is none. */
    store: Store | null
  }
}

/** @throws {ConfigError} that says where the store was looked for, without its password */
async function open (usage: UsageSettings, onError: (error: Error) => void): Promise<Store> {
  try {
    return await openStore(usage, onError)
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    const problem = message || code || String(error)
    if (usage.store.kind === 'sqlite') throw new ConfigError('the account', [`Usage.path: ${usage.store.path} cannot be used: ${problem}`])
    const { hostname, port, pathname } = new URL(usage.store.url)
    throw new ConfigError('the account', [`DATABASE_URL: the database ${pathname} at ${hostname}:${port || '5432'} cannot be used: ${problem}`])
  }
}

/** Opens the store before anything is served: keys are in it. */
async function store (app: FastifyInstance): Promise<void> {
  const { usage } = app.config.current
  const opened = usage.enabled ? await open(usage, error => app.log.warn({ problem: error.message }, 'a connection to the database broke')) : null
  app.decorate('store', opened)
  app.addHook('onClose', async () => { await opened?.close() })
}

export default fp(store, { name: 'store', fastify: '5.x', dependencies: ['config'] })
