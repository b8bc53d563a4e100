import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Identity } from '../src/account/identity.ts'
import { type Found, KeyRing } from '../src/account/key-ring.ts'
import { SecretHash, newHashKey } from '../src/account/secret.ts'
import { repeat } from '../src/repeat.ts'
import { readHashKey } from '../src/store/hash-key.ts'
import { KeyRepository } from '../src/store/keys.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The keys that clients may send. */
    keys: {
      /** Whether there are any, so that requests need one. */
      readonly needed: boolean
      /** The keys of the store that are served. */
      readonly stored: readonly Identity[]
      /** Whose key it is that a client sent, or why it is not served any more; undefined for what is no key. */
      find (credential: string): Found
      /** Those of the store, to manage them: what is changed here holds at once. Null where there is no store. */
      readonly repository: KeyRepository | null
    }
  }
}

/** Milliseconds between two looks for changes that other processes made: a revoked key stops everywhere within a second. */
const PAUSE = 400

/** Keeps up with the keys of the store, from its first one on; what is known stays while the store does not answer. */
async function follow (app: FastifyInstance, repository: KeyRepository, ring: KeyRing, hash: SecretHash): Promise<void> {
  const ending = new AbortController()
  let last = 0
  let down = false

  async function look (): Promise<void> {
    const changes = await repository.changesSince(last)
    ring.apply(changes)
    last = changes.at(-1)?.revision ?? last
    if (down) app.log.info('the store of keys answers again')
    down = false
    const lost = changes.filter(key => !key.revoked && !hash.made(key.hash)).map(({ identity }) => identity.name)
    if (lost.length > 0) app.log.error({ keys: lost }, 'these keys were made under another KEY_HASH_SECRET and are not known here: set that one, or revoke them')
  }

  function failed (error: unknown): void {
    if (!down) app.log.warn({ problem: (error as Error).message }, 'the store of keys does not answer: keys stay as they are known, and one that was revoked elsewhere is still served')
    down = true
  }

  await look()
  app.addHook('onReady', done => {
    repeat(look, PAUSE, ending.signal, failed)
    done()
  })
  app.addHook('onClose', async () => ending.abort())
}

/** The keys that clients may send, known before the first request. */
async function keys (app: FastifyInstance): Promise<void> {
  const { env, store, config } = app
  const hash = new SecretHash(env.KEY_HASH_SECRET ?? (store === null ? newHashKey() : await readHashKey(store.db)))
  const ring = new KeyRing(hash, config.current.keys)
  config.onChange(({ keys }) => ring.configure(keys))
  const needsAdmin = (): boolean => !config.current.keys.some(({ identity }) => identity.role === 'admin')
  const repository = store === null ? null : new KeyRepository(store.db, { hash, needsAdmin, onChange: key => ring.apply([key]) })
  if (repository !== null) await follow(app, repository, ring, hash)
  app.decorate('keys', {
    get needed () { return ring.needed },
    get stored () { return ring.stored() },
    find: (credential: string) => ring.find(credential),
    repository
  })
}

export default fp(keys, { name: 'keys', fastify: '5.x', dependencies: ['env', 'config', 'store'] })
