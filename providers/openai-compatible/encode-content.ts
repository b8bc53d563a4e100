import { invalidRequest } from '../../src/errors.ts'
import { clientSearchText } from '../../src/message/block-text.ts'
import { blocksOf } from '../../src/message/turns.ts'
import type { CacheControl, ContentBlock, DocumentBlock, ImageBlock, MediaSource } from '../../src/wire/anthropic.ts'
import type { ChatPart } from '../../src/wire/openai-chat.ts'
import type { ChatDialect } from './dialect.ts'

/**
 * Content blocks as parts of a chat message. Blocks of the model's own (thinking, calls) are not content and yield none.
 * @throws {ApiError} for media that this wire has no form for (files by id)
 */
export function encodeParts (blocks: readonly ContentBlock[], dialect: ChatDialect): ChatPart[] {
  const parts: ChatPart[] = []
  for (const block of blocks) {
    for (const part of encodeBlock(block, dialect)) parts.push(part)
  }
  return parts
}

/** Parts as message content: a lone plain text is a string, which every server takes. */
export function asContent (parts: ChatPart[]): string | ChatPart[] {
  const [only] = parts
  return parts.length === 1 && only?.type === 'text' && only.cache_control === undefined ? only.text : parts
}

function encodeBlock (block: ContentBlock, dialect: ChatDialect): ChatPart[] {
  switch (block.type) {
    case 'text': return [marked({ type: 'text', text: block.text }, block.cache_control, dialect)]
    case 'image': return [marked({ type: 'image_url', image_url: { url: mediaUrl(block.source) } }, block.cache_control, dialect)]
    case 'document': return encodeDocument(block, dialect)
    case 'search_result': return [marked(textPart(clientSearchText(block)), markOf(block) ?? markOf(block.content.findLast(markOf)), dialect)]
    case 'tool_reference': return [marked(textPart(block.tool_name), block.cache_control, dialect)]
    default: return []
  }
}

function textPart (text: string): ChatPart {
  return { type: 'text', text }
}

/** The mark of a block for the cache. */
export function markOf (block: ContentBlock | undefined): CacheControl | undefined {
  return block !== undefined && 'cache_control' in block ? block.cache_control ?? undefined : undefined
}

function marked (part: ChatPart, mark: CacheControl | null | undefined, dialect: ChatDialect): ChatPart {
  return mark && dialect.cacheControl ? { ...part, cache_control: mark } : part
}

function markLast (parts: ChatPart[], mark: CacheControl | null | undefined, dialect: ChatDialect): ChatPart[] {
  const last = parts.at(-1)
  return last === undefined ? parts : [...parts.slice(0, -1), marked(last, mark, dialect)]
}

function mediaUrl (source: MediaSource): string {
  if (source.type === 'base64') return `data:${source.media_type};base64,${source.data}`
  if (source.type === 'url') return source.url
  throw invalidRequest('A file given by `file_id` cannot be sent to this provider: send its content as base64, or a URL.')
}

function encodeDocument (block: DocumentBlock, dialect: ChatDialect): ChatPart[] {
  const { source } = block
  const heading = [block.title, block.context].filter(text => text).join('\n')
  const head = heading === '' ? [] : [textPart(heading)]
  if (source.type === 'text') return [...head, marked(textPart(source.data), block.cache_control, dialect)]
  if (source.type === 'content') return markLast([...head, ...encodeParts(blocksOf(source), dialect)], block.cache_control, dialect)
  if (dialect.files === 'none') throw invalidRequest(`A document of the type ${source.type === 'base64' ? source.media_type : 'PDF'} cannot be read by ${dialect.name}: send its text instead.`)
  if (source.type === 'url' && dialect.files !== 'urls') throw invalidRequest('A document given by URL cannot be sent to this provider: send its content as base64.')
  const filename = block.title ?? 'document.pdf'
  return [...(block.context ? [textPart(block.context)] : []), marked({ type: 'file', file: { filename, file_data: mediaUrl(source) } }, block.cache_control, dialect)]
}

/** Whether a block needs a part of its own kind. */
export function isMedia (block: ContentBlock): block is ImageBlock | DocumentBlock {
  return block.type === 'image' || block.type === 'document'
}
