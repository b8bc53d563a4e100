import type { ContentBlock, MessageParam, MessagesRequest, ToolResultBlock, ToolUseBlock } from '../../../src/wire/anthropic.ts'
import { type JsonObject, isJsonObject } from '../../../src/wire/json.ts'
import { unsign } from './signature.ts'

const FIELDS = ['model', 'messages', 'max_tokens', 'system', 'stream', 'tools', 'tool_choice', 'thinking', 'output_config', 'stop_sequences', 'temperature', 'top_p', 'top_k', 'metadata', 'service_tier', 'cache_control', 'container']
/** Fields and roles that only a beta header makes known. */
const BETA = { context_management: 'context-management-2025-06-27', system: 'mid-conversation-system-2026-04-07' }
const BLOCK_FIELDS: Record<string, string[]> = {
  text: ['text', 'citations'],
  image: ['source'],
  document: ['source', 'title', 'context', 'citations'],
  search_result: ['source', 'title', 'content', 'citations'],
  thinking: ['thinking', 'signature'],
  redacted_thinking: ['data'],
  tool_use: ['id', 'name', 'input', 'caller'],
  tool_result: ['tool_use_id', 'content', 'is_error'],
  server_tool_use: ['id', 'name', 'input', 'caller'],
  web_search_tool_result: ['tool_use_id', 'content', 'caller']
}
/** The blocks that each role may send. */
const ROLES: Record<string, string[]> = {
  user: ['text', 'image', 'document', 'search_result', 'tool_result'],
  assistant: ['text', 'thinking', 'redacted_thinking', 'tool_use', 'server_tool_use', 'web_search_tool_result'],
  system: ['text']
}
const MAX_CACHE_MARKS = 4

/** What Anthropic's API would refuse in a request, in its words. */
export function messagesProblems (body: MessagesRequest, betas: readonly string[]): string[] {
  const { messages, thinking, max_tokens: room } = body
  const marks = JSON.stringify(body).split('"cache_control":{').length - 1
  const budget = thinking?.type === 'enabled' ? thinking.budget_tokens : undefined
  return [
    ...Object.keys(body).filter(field => !FIELDS.includes(field) && !(field in BETA && betas.includes(BETA[field as keyof typeof BETA]))).map(field => `${field}: Extra inputs are not permitted`),
    ...(marks > MAX_CACHE_MARKS ? [`A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`] : []),
    ...(budget === undefined || (budget >= 1024 && budget < room) ? [] : ['`max_tokens` must be greater than `thinking.budget_tokens`']),
    ...(messages.some(message => message.role === 'system') && !betas.includes(BETA.system) ? ['role \'system\' is not supported on this model'] : []),
    ...messages.flatMap((message, i) => messageProblems(message, `messages.${i}`)),
    ...pairingProblems(messages),
    ...(thinking?.type === 'enabled' ? startProblems(messages) : []),
    ...(messages.at(-1)?.role === 'assistant' ? ['This model does not support assistant message prefill. The conversation must end with a user message.'] : [])
  ]
}

function blocks ({ content }: MessageParam): ContentBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

function messageProblems (message: MessageParam, where: string): string[] {
  const allowed = ROLES[message.role]
  if (allowed === undefined) return [`${where}.role: unexpected role "${String(message.role)}"`]
  const content = blocks(message)
  return [
    ...(content.length === 0 ? [`${where}: all messages must have non-empty content except for the optional final assistant message`] : []),
    ...content.flatMap((block, i) => [
      ...(allowed.includes(block.type) ? [] : [`${where}.content.${i}: Input tag '${block.type}' found using 'type' does not match any of the expected tags`]),
      ...blockProblems(block, `${where}.content.${i}`)
    ])
  ]
}

function blockProblems (block: ContentBlock, where: string): string[] {
  const extra = Object.keys(block).filter(field => field !== 'type' && field !== 'cache_control' && BLOCK_FIELDS[block.type]?.includes(field) === false).map(field => `${where}.${block.type}.${field}: Extra inputs are not permitted`)
  switch (block.type) {
    case 'text': return [...extra, ...(block.text === '' ? ['messages: text content blocks must be non-empty'] : [])]
    case 'thinking': return [...extra, ...(unsign('anthropic', block.signature, block.thinking) === undefined ? [`${where}: Invalid \`signature\` in \`thinking\` block`] : [])]
    case 'redacted_thinking': return [...extra, ...(unsign('anthropic', block.data, '') === undefined ? [`${where}: Invalid \`data\` in \`redacted_thinking\` block`] : [])]
    case 'tool_use': return [...extra, ...idProblems(block.id, where), ...(isJsonObject(block.input) ? [] : [`${where}.tool_use.input: Input should be a valid dictionary`])]
    case 'tool_result': return [...extra, ...idProblems(block.tool_use_id, where), ...imageProblems(block, where)]
    default: return extra
  }
}

function idProblems (id: string, where: string): string[] {
  return /^[a-zA-Z0-9_-]+$/.test(id) ? [] : [`${where}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`]
}

function imageProblems ({ content }: ToolResultBlock, where: string): string[] {
  const images = Array.isArray(content) ? content.filter(block => block.type === 'image') : []
  return images.flatMap(({ source }) => (source as unknown as JsonObject)['type'] === 'base64' ? [] : [`${where}.image.source`])
}

/** Every call is answered in the very next message of the user, before anything else that the user says. */
function pairingProblems (messages: MessageParam[]): string[] {
  const said = messages.filter(message => message.role !== 'system')
  const ids = said.flatMap(message => blocks(message).filter((block): block is ToolUseBlock => block.type === 'tool_use').map(call => call.id))
  return [
    ...(new Set(ids).size < ids.length ? ['messages: `tool_use` ids must be unique'] : []),
    ...said.flatMap((message, i) => {
      if (message.role === 'assistant') {
        const open = blocks(message).flatMap(block => block.type === 'tool_use' ? [block.id] : [])
        const next = said[i + 1]
        const answered = new Set(next === undefined ? [] : blocks(next).flatMap(block => block.type === 'tool_result' ? [block.tool_use_id] : []))
        const missing = open.filter(id => !answered.has(id))
        return missing.length === 0 ? [] : [`messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}`]
      }
      const before = said[i - 1]
      const known = new Set(before === undefined ? [] : blocks(before).flatMap(block => block.type === 'tool_use' ? [block.id] : []))
      return blocks(message).flatMap(block => block.type === 'tool_result' && !known.has(block.tool_use_id) ? [`messages.${i}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}`] : [])
    })
  ]
}

/**
 * With a thinking budget, an answer that waits for results must begin with its thinking
 * (https://docs.claude.com/en/docs/build-with-claude/extended-thinking#preserving-thinking-blocks); adaptive thinking is not so strict.
 */
function startProblems (messages: MessageParam[]): string[] {
  const i = messages.findLastIndex(message => message.role === 'assistant')
  const last = messages[i]
  const [first] = last === undefined ? [] : blocks(last)
  const waits = last !== undefined && blocks(last).some(block => block.type === 'tool_use')
  if (!waits || first?.type === 'thinking' || first?.type === 'redacted_thinking') return []
  return [`messages.${i}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first?.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block`]
}
