import type { ContentBlock, DocumentBlock, MessagesRequest, ServerToolUseBlock, ToolParam, ToolUseBlock, WebSearchResult } from '../wire/anthropic.ts'
import { imageTokens, pdfTokens } from './image-tokens.ts'
import { jsonTokens } from './json-tokens.ts'
import { Fingerprint, TokenMemo, textMemo } from './token-memo.ts'
import { addValue } from './value-fingerprint.ts'

/** Role marks around a message. */
export const MESSAGE_TOKENS = 4
/** Blocks within blocks are counted no deeper: nobody writes them so. */
const MAX_DEPTH = 64

type Content = string | readonly ContentBlock[] | null | undefined

const toolMemo = new TokenMemo(5000)
const callMemo = new TokenMemo()

/**
 * About how many tokens a request's prompt has: system prompt, tools and messages. Texts are cut and weighed as o200k
 * would, pictures by their pixels; base64 and signatures are never counted as text. What came in a request before is
 * not walked again.
 */
export function estimateTokens ({ system, messages, tools }: Pick<MessagesRequest, 'system' | 'messages' | 'tools'>): number {
  let tokens = contentTokens(system) + toolsTokens(tools)
  for (const { content } of messages) tokens += contentTokens(content) + MESSAGE_TOKENS
  return tokens
}

/** About how many tokens the content of a message, of a tool result or of the system prompt has. */
export function contentTokens (content: Content): number {
  return tokensWithin(content, 0)
}

/** About how many tokens a block has. */
export function blockTokens (block: ContentBlock): number {
  return tokensOf(block, 0)
}

/** About how many tokens the definitions of tools have. They come with every turn, and are walked once. */
export function toolsTokens (tools: readonly ToolParam[] | undefined): number {
  let tokens = 0
  for (const tool of tools ?? []) tokens += toolMemo.tokens(toolFingerprint(tool), () => toolTokens(tool))
  return tokens
}

function tokensWithin (content: Content, depth: number): number {
  if (typeof content === 'string') return textMemo.tokens(content)
  let tokens = 0
  if (depth < MAX_DEPTH) for (const block of content ?? []) tokens += tokensOf(block, depth + 1)
  return tokens
}

function tokensOf (block: ContentBlock, depth: number): number {
  switch (block.type) {
    case 'text': return textMemo.tokens(block.text)
    case 'thinking': return textMemo.tokens(block.thinking)
    case 'image': return imageTokens(block.source)
    case 'document': return documentTokens(block, depth)
    case 'tool_use': case 'server_tool_use': return callTokens(block)
    case 'tool_result': return tokensWithin(block.content, depth)
    case 'search_result': return textMemo.tokens(block.title) + textMemo.tokens(block.source) + tokensWithin(block.content, depth)
    case 'tool_reference': return textOf(block.tool_name)
    case 'web_search_tool_result': return Array.isArray(block.content) ? searchTokens(block.content as WebSearchResult[]) : 0
    // Of blocks that are not known, and of redacted thinking, nobody can say what is text and what is encrypted.
    default: return 0
  }
}

function callTokens (call: ToolUseBlock | ServerToolUseBlock): number {
  return callMemo.tokens(callFingerprint(call), () => textOf(call.name) + jsonTokens(call.input))
}

/** A call is known by its id, and as some servers count these from 0 in every answer, by its arguments. */
function callFingerprint ({ id, name, input }: ToolUseBlock | ServerToolUseBlock): number {
  return addValue(new Fingerprint().addText(id ?? '').addText(name ?? ''), input).value
}

function documentTokens ({ source, title, context }: DocumentBlock, depth: number): number {
  const head = textOf(title) + textOf(context)
  if (source.type === 'text') return head + textMemo.tokens(source.data)
  return head + (source.type === 'content' ? tokensWithin(source.content, depth) : pdfTokens(source))
}

/** Of what no schema checks: not each field that a block should have is needed to serve a request. */
function textOf (value: unknown): number {
  return typeof value === 'string' ? textMemo.tokens(value) : 0
}

/** What was found is encrypted; the model sees a good part of it, but how much, its length does not tell. */
function searchTokens (results: readonly WebSearchResult[]): number {
  let tokens = 0
  for (const { title, url } of results) tokens += textOf(title) + textOf(url)
  return tokens
}

/** Tools that run at Anthropic have a type and a name only. */
function toolTokens ({ name = '', description, input_schema: schema }: ToolParam): number {
  return MESSAGE_TOKENS + textOf(name) + textOf(description) + (schema === undefined ? 0 : jsonTokens(schema))
}

/** Two tools of one name, description and parameters differ, if at all, in what some parameter is described as. */
function toolFingerprint ({ name, description, input_schema: schema }: ToolParam): number {
  // Tools of types that are not known may be without a name.
  const fingerprint = new Fingerprint().addText(name ?? '').addText(description ?? '')
  const properties = schema?.['properties']
  if (isObject(properties)) {
    for (const key in properties) {
      const property = properties[key]
      fingerprint.addText(key)
      if (isObject(property) && typeof property['description'] === 'string') fingerprint.add(property['description'].length)
    }
  }
  const required = schema?.['required']
  return fingerprint.add(Array.isArray(required) ? required.length : -1).value
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
