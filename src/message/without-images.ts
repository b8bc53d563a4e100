import type { CacheControl, ContentBlock, MessageParam, TextBlock } from '../wire/anthropic.ts'

/** Stands for an image in the request of a model without eyes. */
export const UNSEEN_IMAGE = '[An image stood here, which this model cannot see.]'

/** What became of a request, and how many images were taken out of it. */
export interface WithoutImages {
  messages: MessageParam[]
  count: number
}

/** How many were replaced so far. */
interface Tally { count: number }

/**
 * Messages with a note in the place of each image, those in results of tools and in documents made of blocks among them.
 * Marks for the prompt cache stay, as does every message without an image, unchanged and uncopied.
 * @param which all images, or the earlier ones alone: those behind the last answer are what the request is about
 */
export function withoutImages (messages: MessageParam[], which: 'earlier' | 'all'): WithoutImages {
  const end = which === 'all' ? messages.length : messages.findLastIndex(({ role }) => role === 'assistant')
  const tally: Tally = { count: 0 }
  const replaced = messages.map((message, i) => {
    if (i >= end || typeof message.content === 'string') return message
    const content = replaceIn(message.content, tally)
    return content === message.content ? message : { ...message, content }
  })
  return { messages: tally.count === 0 ? messages : replaced, count: tally.count }
}

/** The same list where it holds no image. */
function replaceIn (blocks: ContentBlock[], tally: Tally): ContentBlock[] {
  const before = tally.count
  const replaced = blocks.map(block => replaceBlock(block, tally))
  return tally.count === before ? blocks : replaced
}

function replaceBlock (block: ContentBlock, tally: Tally): ContentBlock {
  switch (block.type) {
    case 'image':
      tally.count++
      return note(block.cache_control)
    case 'tool_result': {
      if (!Array.isArray(block.content)) return block
      const content = replaceIn(block.content, tally)
      return content === block.content ? block : { ...block, content }
    }
    case 'document': {
      if (block.source.type !== 'content' || !Array.isArray(block.source.content)) return block
      const content = replaceIn(block.source.content, tally)
      return content === block.source.content ? block : { ...block, source: { ...block.source, content } }
    }
    default:
      return block
  }
}

function note (cacheControl: CacheControl | null | undefined): TextBlock {
  return { type: 'text', text: UNSEEN_IMAGE, ...(cacheControl && { cache_control: cacheControl }) }
}
