import { invalidRequest } from '../../errors.ts'
import type { Target } from '../../provider.ts'
import type { ContentBlock, DocumentBlock, ImageBlock } from '../../wire/anthropic.ts'
import type { Work } from './work.ts'

/**
 * Puts the files that a request names by URL into it, where the target's wire takes none by URL.
 * @returns undefined where there is nothing to load
 * @throws {ApiError} when one cannot be loaded
 */
export function inlineMedia (work: Work, { provider }: Target): Promise<void> | undefined {
  if (provider.pair.inlinesMedia !== true) return undefined
  const blocks = work.body.parsed.messages.flatMap(({ content }) => byUrl(content))
  return blocks.length === 0 ? undefined : load(work, blocks)
}

/** The blocks that name a file by URL, those in results of tools and in documents among them. */
export function byUrl (content: string | ContentBlock[] | null | undefined): (ImageBlock | DocumentBlock)[] {
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

/** The same file is loaded once, however often it is named, and for all tries. */
async function load ({ app, interruption, media }: Work, blocks: (ImageBlock | DocumentBlock)[]): Promise<void> {
  const urls = [...new Set(blocks.map(urlOf))]
  if (urls.length > MAX_FILES) throw invalidRequest(`The request names ${urls.length} files by URL; at most ${MAX_FILES} are loaded.`)
  const given = new AbortController()
  interruption.begin(() => given.abort())
  const budget = app.media.newBudget()
  const missing = urls.filter(url => !media.has(url))
  try {
    for (let i = 0; i < missing.length; i += AT_ONCE) {
      await Promise.all(missing.slice(i, i + AT_ONCE).map(async url => { media.set(url, await app.media.load(url, budget, given.signal)) }))
    }
  } finally {
    interruption.end()
    // Where one failed, the others are of no use.
    given.abort()
  }
  for (const block of blocks) {
    const file = media.get(urlOf(block))
    if (file !== undefined) block.source = { type: 'base64', ...file }
  }
}
