import { createHash } from 'node:crypto'
import type { ToolParam } from '../wire/anthropic.ts'

/** What OpenAI and most others of its wire allow (https://platform.openai.com/docs/api-reference/chat/create, tools); Anthropic allows 128. */
const MAX_NAME = 64

/** A tool name that the chat-completions wire allows. A longer one (MCP servers have them) always becomes the same shorter one. */
export function shortToolName (name: string): string {
  return shortened(name, MAX_NAME)
}

/**
 * A name of at most `max` characters. One that is longer always becomes the same shorter one, and no two the same.
 * @param whole what it is told apart by, where `name` is written in another form already
 */
export function shortened (name: string, max: number, whole: string = name): string {
  return name.length <= max ? name : `${name.slice(0, max - 9)}_${createHash('sha256').update(whole).digest('hex').slice(0, 8)}`
}

/** Characters that every wire takes as they are; another may have a longer form. */
const PLAIN = /^[\w-]+$/

/** The names of tools that a wire may have to shorten, by what the chat-completions wire makes of them; undefined where there is none, as nearly always. */
export function longToolNames (tools: readonly ToolParam[] | undefined): Map<string, string> | undefined {
  // Tools of types that are not known here may be without a name.
  const long = tools?.filter(({ name }) => typeof name === 'string' && (name.length > MAX_NAME || !PLAIN.test(name))) ?? []
  return long.length === 0 ? undefined : new Map(long.map(({ name }) => [shortToolName(name), name]))
}
