import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ProxyAgent } from 'undici'
import type { Config } from '../src/config/snapshot.ts'
import { MediaLoader } from '../src/upstream/load-media.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Loads files that requests name by URL. */
    media: MediaLoader
  }
}

function createLoader ({ media, proxyUrl }: Config): MediaLoader {
  return new MediaLoader(media, proxyUrl === undefined ? undefined : new ProxyAgent(proxyUrl))
}

/** Files by URL, for providers that take none. */
async function media (app: FastifyInstance): Promise<void> {
  const { config } = app
  let loader = createLoader(config.current)
  config.onChange((now, before) => {
    if (isDeepStrictEqual([now.media, now.proxyUrl], [before.media, before.proxyUrl])) return
    // The one before is not closed: a load that is redirected asks it again. Its connections end when nobody uses them.
    loader = createLoader(now)
  })
  app.decorate('media', { getter: () => loader })
  app.addHook('onClose', async () => loader.close())
}

export default fp(media, { name: 'media', fastify: '5.x', dependencies: ['config'] })
