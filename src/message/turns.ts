import type { ContentBlock, MessageParam, TextBlock, ToolResultBlock, ToolUseBlock } from '../wire/anthropic.ts'

export interface AssistantTurn { role: 'assistant', blocks: ContentBlock[] }
/** `results` answer the calls of the turn before, in the order of the calls; `blocks` is what else the user said. */
export interface UserTurn { role: 'user', results: ToolResultBlock[], blocks: ContentBlock[] }
export type Turn = AssistantTurn | UserTurn

export interface Conversation {
  /** System messages that stand before every turn: they belong to the system prompt. */
  leading: TextBlock[]
  turns: Turn[]
}

/**
 * Puts messages into the strict form that other wires need: roles alternate, each call has exactly one result right
 * behind it, nothing is empty, and mid-conversation system messages are folded into a user turn.
 *
 * A fold keeps the place: after what the message followed, never between a call and its results. Hoisting it into the
 * system prompt instead would change the start of the prompt with almost every request of Claude Code, and with it
 * break every provider's prompt cache.
 */
export function toConversation (messages: readonly MessageParam[]): Conversation {
  const leading: TextBlock[] = []
  const turns: Turn[] = []

  for (const message of messages) {
    const blocks = blocksOf(message)
    if (blocks.length === 0) continue
    if (message.role === 'assistant') {
      append(assistantTurn(turns).blocks, blocks)
    } else if (message.role === 'user') {
      const turn = userTurn(turns)
      for (const block of blocks) {
        if (block.type === 'tool_result') turn.results.push(block)
      }
      append(turn.blocks, blocks.filter(block => block.type !== 'tool_result'))
    } else if (turns.length === 0) {
      append(leading, blocks as TextBlock[])
    } else {
      append(userTurn(turns).blocks, blocks.map(asReminder))
    }
  }
  pairResults(turns)
  return { leading, turns }
}

/** The ids of all calls in a conversation. */
export function toolIdsOf (messages: readonly MessageParam[]): Set<string> {
  const ids = new Set<string>()
  for (const { content } of messages) {
    if (typeof content !== 'string') for (const block of content) if (block.type === 'tool_use') ids.add(block.id)
  }
  return ids
}

/** Content as blocks, without the empty texts that most servers refuse. */
export function blocksOf ({ content }: { content?: string | ContentBlock[] | null }): ContentBlock[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return content?.filter(block => block.type !== 'text' || block.text !== '') ?? []
}

/** Not by spreading: that takes as many arguments as there are blocks, and the stack is not that deep. */
function append<Item> (list: Item[], items: readonly Item[]): void {
  for (const item of items) list.push(item)
}

/** Claude Code marks such texts so itself for models that know no system messages in mid-conversation. */
function asReminder (block: ContentBlock): TextBlock {
  const { text, ...rest } = block as TextBlock
  return { ...rest, text: `<system-reminder>\n${text}\n</system-reminder>` }
}

function userTurn (turns: Turn[]): UserTurn {
  const last = turns.at(-1)
  if (last?.role === 'user') return last
  const turn: UserTurn = { role: 'user', results: [], blocks: [] }
  turns.push(turn)
  return turn
}

function assistantTurn (turns: Turn[]): AssistantTurn {
  const last = turns.at(-1)
  if (last?.role === 'assistant') return last
  const turn: AssistantTurn = { role: 'assistant', blocks: [] }
  turns.push(turn)
  return turn
}

/**
 * Gives each call its one result, in the order of the calls. A call without a result (a session that was stopped) gets
 * one that says so; a result without its call (the call was compacted away) becomes text.
 */
function pairResults (turns: Turn[]): void {
  let calls: ToolUseBlock[] = []
  for (let i = 0; i < turns.length; i++) {
    const turn = turns[i] as Turn
    if (turn.role === 'user') {
      answerCalls(calls, turn)
      calls = []
    } else {
      calls = turn.blocks.filter(block => block.type === 'tool_use')
      if (calls.length > 0 && i === turns.length - 1) userTurn(turns)
    }
  }
}

function answerCalls (calls: ToolUseBlock[], turn: UserTurn): void {
  if (calls.length === 0 && turn.results.length === 0) return
  const open = new Map(turn.results.map(result => [result.tool_use_id, result]))
  const ids = new Set(calls.map(call => call.id))
  const orphans = turn.results.filter(result => open.get(result.tool_use_id) !== result || !ids.has(result.tool_use_id))
  turn.results = calls.map(call => open.get(call.id) ?? { type: 'tool_result', tool_use_id: call.id, content: 'The call was interrupted; there is no result.', is_error: true })
  if (orphans.length > 0) turn.blocks = orphans.flatMap(orphanText).concat(turn.blocks)
}

function orphanText (result: ToolResultBlock): ContentBlock[] {
  return [{ type: 'text', text: `${result.is_error ? 'Error' : 'Result'} of an earlier tool call (${result.tool_use_id}):` }, ...blocksOf(result)]
}
