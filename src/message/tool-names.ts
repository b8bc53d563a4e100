import { createHash } from 'node:crypto'
import type { ToolParam } from '../wire/anthropic.ts'

/** What OpenAI and most others of its wire allow (https://platform.openai.com/docs/api-reference/chat/create, tools); Anthropic allows 128. */
const MAX_NAME = 64

/** A tool name that the chat-completions wire allows. A longer one (MCP servers have them) always becomes the same shorter one. */
export function shortToolName (name: string): string {
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 9)}_${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}

/** The names of tools by what they were shortened to; undefined where none was, as nearly always. */
export function longToolNames (tools: readonly ToolParam[] | undefined): Map<string, string> | undefined {
  const long = tools?.filter(({ name }) => name.length > MAX_NAME) ?? []
  return long.length === 0 ? undefined : new Map(long.map(({ name }) => [shortToolName(name), name]))
}
