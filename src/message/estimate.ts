import type { ContentBlock, MessagesRequest, TextBlock } from '../wire/anthropic.ts'

/** Of prose a token is about four bytes of UTF-8, of code and JSON about three; of scripts without an alphabet three, too. */
const BYTES_PER_TOKEN = 3.5
/** What a picture comes to, whatever its bytes: Anthropic's largest; most models count less. */
const MEDIA_TOKENS = 1600
/** Role marks around a message. */
const MESSAGE_TOKENS = 4
/** Schemas and arguments are counted no deeper: nobody writes them so. */
const MAX_DEPTH = 64

/**
 * About how many tokens a request's prompt has: system prompt, tools and messages. It counts text only (base64 never,
 * signatures neither), walks each part once and copies nothing.
 */
export function estimateTokens ({ system, messages, tools }: Pick<MessagesRequest, 'system' | 'messages' | 'tools'>): number {
  let bytes = bytesOfContent(system)
  for (const { content } of messages) bytes += bytesOfContent(content) + MESSAGE_TOKENS * BYTES_PER_TOKEN
  for (const { name, description, input_schema: schema } of tools ?? []) bytes += bytesOfJson(name) + bytesOfJson(description) + bytesOfJson(schema)
  return Math.ceil(bytes / BYTES_PER_TOKEN)
}

function bytesOfContent (content: string | readonly (ContentBlock | TextBlock)[] | null | undefined): number {
  if (typeof content === 'string') return Buffer.byteLength(content)
  let bytes = 0
  for (const block of content ?? []) bytes += bytesOfBlock(block)
  return bytes
}

function bytesOfBlock (block: ContentBlock): number {
  switch (block.type) {
    case 'text': return Buffer.byteLength(block.text)
    case 'thinking': return Buffer.byteLength(block.thinking)
    case 'redacted_thinking': return 0
    case 'image': return MEDIA_TOKENS * BYTES_PER_TOKEN
    case 'document': return bytesOfDocument(block.source)
    case 'tool_use': case 'server_tool_use': return bytesOfJson(block.name) + bytesOfJson(block.input)
    case 'tool_result': case 'search_result': return bytesOfContent(block.content)
    case 'tool_reference': return bytesOfJson(block.tool_name)
    case 'web_search_tool_result': return Array.isArray(block.content) ? block.content.reduce((sum, { title, url }) => sum + bytesOfJson(title) + bytesOfJson(url), 0) : 0
    default: return 0
  }
}

function bytesOfDocument (source: Extract<ContentBlock, { type: 'document' }>['source']): number {
  if (source.type === 'text') return Buffer.byteLength(source.data)
  return source.type === 'content' ? bytesOfContent(source.content) : MEDIA_TOKENS * BYTES_PER_TOKEN
}

/** About the length of a value as JSON. */
function bytesOfJson (value: unknown, depth = 0): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2
  if (typeof value !== 'object' || value === null) return 4
  if (depth === MAX_DEPTH) return 0
  let bytes = 2
  if (Array.isArray(value)) for (const item of value) bytes += bytesOfJson(item, depth + 1) + 1
  else for (const key in value) bytes += key.length + 4 + bytesOfJson((value as Record<string, unknown>)[key], depth + 1)
  return bytes
}
