import { invalidRequest } from '../../src/errors.ts'
import { clientSearchText } from '../../src/message/block-text.ts'
import { blocksOf } from '../../src/message/turns.ts'
import type { ContentBlock, DocumentBlock, MediaSource } from '../../src/wire/anthropic.ts'
import type { GeminiBlob, GeminiPart } from '../../src/wire/gemini.ts'

/**
 * Content blocks of the user's as parts. Blocks of the model's own are not content and yield none.
 * @throws {ApiError} for media that are not there as base64
 */
export function encodeParts (blocks: readonly ContentBlock[]): GeminiPart[] {
  return blocks.flatMap(encodeBlock)
}

function encodeBlock (block: ContentBlock): GeminiPart[] {
  switch (block.type) {
    case 'text': return textParts(block.text)
    case 'image': return [{ inlineData: blobOf(block.source, 'image') }]
    case 'document': return encodeDocument(block)
    case 'search_result': return textParts(clientSearchText(block))
    case 'tool_reference': return textParts(block.tool_name)
    default: return []
  }
}

/** Gemini refuses an empty text. */
function textParts (text: string): GeminiPart[] {
  return text === '' ? [] : [{ text }]
}

function encodeDocument ({ source, title, context }: DocumentBlock): GeminiPart[] {
  const heading = textParts([title, context].filter(text => text).join('\n'))
  if (source.type === 'text') return [...heading, ...textParts(source.data)]
  if (source.type === 'content') return [...heading, ...encodeParts(blocksOf(source))]
  return [...heading, { inlineData: blobOf(source, 'document') }]
}

/** @throws {ApiError} where the data are not there: URLs are loaded before a request comes here */
function blobOf (source: MediaSource, what: 'image' | 'document'): GeminiBlob {
  if (source.type === 'base64') return { mimeType: source.media_type, data: source.data }
  if (source.type === 'url') throw invalidRequest(`The ${what} given by URL was not loaded, and this provider takes none by URL: send its content as base64.`)
  throw invalidRequest(`The ${what} given by \`file_id\` cannot be sent to this provider: send its content as base64, or a URL.`)
}
