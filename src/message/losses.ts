import type { ContentBlock, MessagesRequest, ToolParam } from '../wire/anthropic.ts'
import { type Column, type RequestField, fateOf } from '../wire/request-fields.ts'

/** Names of request fields that a wire does not carry; told in `x-router-dropped`. */
export class Losses {
  readonly #column: Column
  readonly #names = new Set<string>()

  /** Begins with what the table says is dropped, whatever the rest of the request (src/wire/request-fields.ts). */
  constructor (request: MessagesRequest, column: Column) {
    this.#column = column
    for (const field in request) {
      if (isSet(request[field])) this.#check(field)
    }
    for (const field in request.output_config) this.#check(`output_config.${field}`)
    for (const tool of request.tools ?? []) this.#checkTool(tool)
    if (request.tool_choice?.disable_parallel_tool_use === true) this.#check('tool_choice.disable_parallel_tool_use')
    for (const { content } of request.messages) this.#checkBlocks(content)
  }

  get names (): string[] { return [...this.#names] }

  /** A field that this wire carries on a condition, which does not hold. */
  add (field: RequestField): void {
    this.#names.add(field)
  }

  /** A tool of one of Anthropic's own types, which only its own models know. */
  addTool ({ type }: ToolParam): void {
    this.#names.add(`tools.${type}`)
  }

  #check (field: string): void {
    const fate = field === 'output_config' ? true : fateOf(field, this.#column)
    if (fate === false || fate === undefined) this.#names.add(field)
  }

  #checkTool (tool: ToolParam): void {
    if (isTyped(tool)) {
      const carried = fateOf(isWebSearch(tool) ? 'tools.web_search_*' : 'tools.<other types>', this.#column) !== false
      if (!carried) return this.addTool(tool)
    }
    for (const field in tool) {
      if (!TOOL_FIELDS.has(field) && isSet(tool[field])) this.#check(`tools.${field}`)
    }
  }

  #checkBlocks (content: string | readonly ContentBlock[] | null | undefined): void {
    if (!Array.isArray(content)) return
    for (const block of content as readonly ContentBlock[]) {
      if (block.type === 'tool_result') this.#checkBlocks(block.content)
      else if (block.type === 'document' && block.citations?.enabled === true) this.#check('messages.document.citations')
      else if (!BLOCKS.has(block.type)) this.#check(`messages.${block.type}`)
    }
  }
}

/** What a tool is made of; every wire carries it. */
const TOOL_FIELDS = new Set(['name', 'type', 'description', 'input_schema'])

/** Blocks that every wire carries, in this form or another: the many that need no look at the table. */
const BLOCKS = new Set(['text', 'image', 'document', 'search_result', 'thinking', 'redacted_thinking', 'tool_use', 'tool_result', 'tool_reference', 'server_tool_use', 'web_search_tool_result'])

function isSet (value: unknown): boolean {
  return value !== undefined && value !== null
}

/** Anthropic's typed tools (web search, bash, text editor …) carry no schema: only its own models know them. */
export function isTyped ({ type }: ToolParam): boolean {
  return type !== undefined && type !== null && type !== 'custom'
}

export function isWebSearch ({ type }: ToolParam): boolean {
  return type?.startsWith('web_search') === true
}
