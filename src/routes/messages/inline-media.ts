import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Target } from '../../provider.ts'
import type { Media } from '../../upstream/load-media.ts'
import type { ContentBlock, DocumentBlock, ImageBlock, MessagesRequest } from '../../wire/anthropic.ts'

/**
 * Puts the files that a request names by URL into it, where the target's wire takes none by URL.
 * @returns undefined where there is nothing to load
 * @throws {ApiError} when one cannot be loaded
 */
export function inlineMedia (app: FastifyInstance, request: FastifyRequest, reply: FastifyReply, { provider }: Target): Promise<void> | undefined {
  if (provider.pair.inlinesMedia !== true) return undefined
  const blocks = (request.body as MessagesRequest).messages.flatMap(({ content }) => byUrl(content))
  return blocks.length === 0 ? undefined : load(app, blocks, reply)
}

function byUrl (content: string | ContentBlock[] | null | undefined): (ImageBlock | DocumentBlock)[] {
  if (typeof content === 'string' || !content) return []
  return content.flatMap(block => {
    if (block.type === 'tool_result') return byUrl(block.content)
    return (block.type === 'image' || block.type === 'document') && block.source.type === 'url' ? [block] : []
  })
}

function urlOf ({ source }: ImageBlock | DocumentBlock): string {
  return source.type === 'url' ? source.url : ''
}

/** The same file is loaded once, however often it is named. */
async function load (app: FastifyInstance, blocks: (ImageBlock | DocumentBlock)[], reply: FastifyReply): Promise<void> {
  const left = new AbortController()
  const leave = (): void => left.abort()
  reply.raw.once('close', leave)
  try {
    const urls = new Set(blocks.map(urlOf))
    const loaded = new Map(await Promise.all(Array.from(urls, async (url): Promise<[string, Media]> => [url, await app.media.load(url, left.signal)])))
    for (const block of blocks) {
      const media = loaded.get(urlOf(block))
      if (media !== undefined) block.source = { type: 'base64', ...media }
    }
  } finally {
    reply.raw.off('close', leave)
  }
}
