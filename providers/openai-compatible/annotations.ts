import { newServerToolId } from '../../src/message/ids.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { WebSearchResult } from '../../src/wire/anthropic.ts'
import { isJsonObject, objectsOf } from '../../src/wire/json.ts'

/**
 * Reads `url_citation` annotations: pages that the provider searched. They become a search that the provider ran
 * (`server_tool_use` and its `web_search_tool_result`), before the text if they came before it, else behind it.
 */
export class Annotations {
  readonly #writer: MessageWriter
  readonly #results = new Map<string, WebSearchResult>()
  #told = 0

  constructor (writer: MessageWriter) {
    this.#writer = writer
  }

  push (annotations: unknown): void {
    for (const { type, url_citation: citation } of objectsOf(annotations)) {
      if (type !== 'url_citation' || !isJsonObject(citation) || typeof citation['url'] !== 'string') continue
      const { url, title } = citation
      if (this.#results.has(url)) continue
      this.#results.set(url, { type: 'web_search_result', url, title: typeof title === 'string' ? title : url, encrypted_content: '', page_age: null })
    }
  }

  /** Tells what was found since the last time: text follows, or the reply is over. */
  tell (): void {
    if (this.#results.size === this.#told) return
    const id = newServerToolId()
    this.#writer.block({ type: 'server_tool_use', id, name: 'web_search', input: {} })
    this.#writer.block({ type: 'web_search_tool_result', tool_use_id: id, content: [...this.#results.values()].slice(this.#told) })
    this.#told = this.#results.size
  }
}
