import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ProxyAgent } from 'undici'
import { MediaLoader } from '../src/upstream/load-media.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Loads files that requests name by URL. */
    media: MediaLoader
  }
}

/** Files by URL, for providers that take none. */
async function media (app: FastifyInstance): Promise<void> {
  const { media: limits, proxyUrl } = app.config.current
  const proxy = proxyUrl === undefined ? undefined : new ProxyAgent(proxyUrl)
  app.decorate('media', new MediaLoader(limits, proxy))
}

export default fp(media, { name: 'media', fastify: '5.x', dependencies: ['config'] })
