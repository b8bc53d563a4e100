import type { MessagesRequest } from '../wire/anthropic.ts'
import { newServerToolId } from './ids.ts'
import { isWebSearch } from './losses.ts'
import type { MessageWriter } from './writer.ts'

/** Whether a request is for nothing but a web search, as the inner request of Claude Code's WebSearch is. */
export function demandsSearch ({ tools = [], tool_choice: choice }: MessagesRequest): boolean {
  const search = tools.find(isWebSearch)
  if (search === undefined || choice?.type === 'none') return false
  return choice?.type === 'tool' ? choice.name === search.name : tools.every(isWebSearch)
}

/** Answers a demand for a search that the provider cannot run: a search that failed, and words that say why. */
export function noWebSearch (writer: MessageWriter, provider: string): void {
  const id = newServerToolId()
  writer.block({ type: 'server_tool_use', id, name: 'web_search', input: {} })
  writer.block({ type: 'web_search_tool_result', tool_use_id: id, content: { type: 'web_search_tool_result_error', error_code: 'unavailable' } })
  writer.text(`Web search is not available: the provider ${provider} has none.`)
  writer.finish('end_turn')
}
