import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { invalidRequest } from '../../errors.ts'
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
    if (block.type === 'document' && block.source.type === 'content') return byUrl(block.source.content)
    return (block.type === 'image' || block.type === 'document') && block.source.type === 'url' ? [block] : []
  })
}

function urlOf ({ source }: ImageBlock | DocumentBlock): string {
  return source.type === 'url' ? source.url : ''
}

/** Files of one request, and how many are loaded at a time: each is held in memory. */
const MAX_FILES = 50
const AT_ONCE = 4

/** The same file is loaded once, however often it is named. */
async function load (app: FastifyInstance, blocks: (ImageBlock | DocumentBlock)[], reply: FastifyReply): Promise<void> {
  const urls = [...new Set(blocks.map(urlOf))]
  if (urls.length > MAX_FILES) throw invalidRequest(`The request names ${urls.length} files by URL; at most ${MAX_FILES} are loaded.`)
  const given = new AbortController()
  const giveUp = (): void => given.abort()
  const done = app.running.add(giveUp)
  reply.raw.once('close', giveUp)
  try {
    const loaded = new Map<string, Media>()
    const budget = app.media.newBudget()
    for (let i = 0; i < urls.length; i += AT_ONCE) {
      await Promise.all(urls.slice(i, i + AT_ONCE).map(async url => { loaded.set(url, await app.media.load(url, budget, given.signal)) }))
    }
    for (const block of blocks) {
      const media = loaded.get(urlOf(block))
      if (media !== undefined) block.source = { type: 'base64', ...media }
    }
  } finally {
    reply.raw.off('close', giveUp)
    done()
    // Where one failed, the others are of no use.
    given.abort()
  }
}
