import { MESSAGE_TOKENS, blockTokens, contentTokens, toolsTokens } from '../message/estimate.ts'
import { sessionOf } from '../message/session.ts'
import { subagentTag } from '../message/subagent-tag.ts'
import { isTyped } from '../message/losses.ts'
import { isAttribution } from '../message/system.ts'
import type { ContentBlock, MessageParam, MessagesRequest, TextBlock } from '../wire/anthropic.ts'
import { isJsonObject } from '../wire/json.ts'
import type { Caller, RequestTraits, Tier } from './traits.ts'

const TIERS: readonly Tier[] = ['opus', 'sonnet', 'haiku', 'fable']
const ULTRATHINK = /\bultrathink\b/i

/** The last real size of a conversation, in tokens, so far as it still tells something of one that is now estimated so. */
export type LastSize = (conversation: string, estimate: number) => number

/** Characters of an id that count. Ids are remembered, so their length may not be the client's choice. */
const MAX_ID = 256

/** Reads the traits of a request: pure, and in one walk over its messages. */
export function describe (request: MessagesRequest, caller: Caller, lastSize: LastSize = () => 0): RequestTraits {
  const { model, system, tools = [], thinking, output_config: output } = request
  const { headers, key } = caller
  const session = idOf(textHeader(headers['x-claude-code-session-id']) ?? sessionOf(request.metadata?.user_id) ?? textHeader(headers['x-session-id']))
  const agent = idOf(textHeader(headers['x-claude-code-agent-id']))
  const walk = walkMessages(request.messages)
  const estimate = contentTokens(system) + toolsTokens(tools) + walk.tokens
  const conversation = `${session ?? ''} ${agent ?? ''} ${openingOf(request.messages)}`
  return {
    headers,
    key,
    model,
    tier: tierOf(model),
    session,
    agent,
    parentAgent: idOf(textHeader(headers['x-claude-code-parent-agent-id'])),
    subagent: agent !== undefined || saysSubagent(system),
    auxiliary: isAuxiliary(request),
    thinking: thinking?.type ?? 'none',
    budget: thinking?.budget_tokens,
    effort: output?.effort ?? undefined,
    ultrathink: asksToUltrathink(request.messages, walk.prompt),
    images: walk.images,
    earlierImages: walk.earlierImages,
    documents: walk.documents,
    // Tools of types that are not known here may be without a name.
    tools: tools.flatMap(({ name }: { name?: string }) => name ?? []),
    toolTypes: tools.flatMap(tool => isTyped(tool) ? [String(tool.type)] : []),
    structuredOutput: output?.format?.type === 'json_schema',
    stream: request.stream === true,
    // Counting tokens needs none.
    maxTokens: request.max_tokens ?? 0,
    estimate,
    promptTokens: Math.max(estimate, lastSize(conversation, estimate)),
    conversation,
    subagentTag: subagentTag(system)
  }
}

/** By the model's name, whoever stands before it. */
export function tierOf (model: string): Tier {
  const name = model.toLowerCase()
  return TIERS.find(tier => name.includes(tier)) ?? 'other'
}

interface Walk {
  tokens: number
  images: number
  earlierImages: number
  documents: number
  /** Where the last prompt stands: the last message of the user's that is no result of a tool. */
  prompt: number
}

function walkMessages (messages: readonly MessageParam[]): Walk {
  const walk: Walk = { tokens: 0, images: 0, earlierImages: 0, documents: 0, prompt: 0 }
  for (const [i, { role, content }] of messages.entries()) {
    walk.tokens += MESSAGE_TOKENS
    if (role === 'assistant') {
      walk.earlierImages += walk.images
      walk.images = 0
    }
    if (typeof content === 'string') walk.tokens += contentTokens(content)
    else for (const block of content) walkBlock(block, walk)
    if (role === 'user' && isPrompt(content)) walk.prompt = i
  }
  return walk
}

function walkBlock (block: ContentBlock, walk: Walk): void {
  walk.tokens += blockTokens(block)
  if (block.type === 'image') walk.images++
  else if (block.type === 'document') countDocument(block, walk)
  else if (block.type === 'tool_result' && Array.isArray(block.content)) {
    for (const inner of block.content) {
      if (inner.type === 'image') walk.images++
      else if (inner.type === 'document') countDocument(inner, walk)
    }
  }
}

/** A document may be made of blocks, and pictures among them. */
function countDocument ({ source }: Extract<ContentBlock, { type: 'document' }>, walk: Walk): void {
  walk.documents++
  if (source.type !== 'content' || !Array.isArray(source.content)) return
  for (const { type } of source.content) {
    if (type === 'image') walk.images++
  }
}

function isPrompt (content: MessageParam['content']): boolean {
  return typeof content === 'string' || !content.some(({ type }) => type === 'tool_result')
}

/**
 * The keyword changes no field of the request, so it is looked for in the user's own words; Claude Code's reminders beside
 * them may quote it. It holds for the whole work on a prompt, not for its first request only.
 */
function asksToUltrathink (messages: readonly MessageParam[], prompt: number): boolean {
  for (let i = prompt; i < messages.length; i++) {
    const { role, content } = messages[i] as MessageParam
    if (role !== 'user') continue
    if (typeof content === 'string' ? says(content) : content.some(block => block.type === 'text' && says(block.text))) return true
  }
  return false
}

function says (text: string): boolean {
  return ULTRATHINK.test(text) && !text.startsWith('<system-reminder>')
}

function saysSubagent (system: string | TextBlock[] | undefined): boolean {
  if (typeof system !== 'object') return false
  const [first] = system
  return first !== undefined && isAttribution(first) && first.text.includes('cc_is_subagent=true')
}

/** The title of a session is asked for without tools and thinking, as an object with a `title` and nothing else. */
function isAuxiliary ({ tools, thinking, output_config: output }: MessagesRequest): boolean {
  if (tools !== undefined && tools.length > 0) return false
  if (thinking && thinking.type !== 'disabled') return false
  const format: unknown = output?.format
  const schema = isJsonObject(format) && format['type'] === 'json_schema' ? format['schema'] : undefined
  const properties = isJsonObject(schema) ? schema['properties'] : undefined
  return isJsonObject(properties) && Object.keys(properties).join() === 'title'
}

function textHeader (value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The beginning of a long id, as a text of its own: a mere slice would hold on to all of it. */
function idOf (id: string | undefined): string | undefined {
  return id === undefined || id.length <= MAX_ID ? id : Buffer.from(id.slice(0, MAX_ID), 'utf16le').toString('utf16le')
}

/** How many places of a text are looked at. */
const SAMPLES = 32

/** A number that tells how a conversation began: other than its texts it can be kept without holding on to them. */
function openingOf (messages: readonly MessageParam[]): number {
  const content = messages.find(({ role }) => role === 'user')?.content ?? ''
  if (typeof content === 'string') return mix(0, content)
  return content.reduce((hash, block) => block.type === 'text' ? mix(hash, block.text) : hash, 0)
}

function mix (seed: number, text: string): number {
  let hash = (seed * 31 + text.length) | 0
  const step = Math.max(1, Math.floor(text.length / SAMPLES))
  for (let i = 0; i < text.length; i += step) hash = (hash * 31 + text.charCodeAt(i)) | 0
  return hash
}
