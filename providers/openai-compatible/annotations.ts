import { newServerToolId } from '../../src/message/ids.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { WebSearchResult } from '../../src/wire/anthropic.ts'
import { type JsonObject, isJsonObject, objectsOf, textOf } from '../../src/wire/json.ts'

/**
 * Reads `url_citation` annotations: pages that the provider searched. They become a search that the provider ran
 * (`server_tool_use` and its `web_search_tool_result`), before the text if they came before it, else behind it, and
 * citations of the text.
 */
export class Annotations {
  readonly #writer: MessageWriter
  readonly #results = new Map<string, WebSearchResult>()
  readonly #places = new Set<string>()
  #citations: JsonObject[] = []
  #told = 0
  #searches = 0

  constructor (writer: MessageWriter) {
    this.#writer = writer
  }

  push (annotations: unknown): void {
    for (const { type, url_citation: citation } of objectsOf(annotations)) {
      if (type !== 'url_citation' || !isJsonObject(citation) || typeof citation['url'] !== 'string') continue
      const { url } = citation
      const title = typeof citation['title'] === 'string' ? citation['title'] : url
      // A page is found once, and cited as often as the text does so. What is cited already comes again from some, with the last chunk.
      const place = JSON.stringify([url, citation['start_index'], citation['end_index'], citation['content']])
      if (this.#places.has(place)) continue
      this.#places.add(place)
      if (!this.#results.has(url)) this.#results.set(url, { type: 'web_search_result', url, title, encrypted_content: '', page_age: null })
      this.#citations.push({ type: 'web_search_result_location', url, title, encrypted_index: '', cited_text: textOf(citation['content']) })
    }
  }

  /** Text is open: what was found is cited there. */
  cite (): void {
    for (const citation of this.#citations) this.#writer.citation(citation)
    this.#citations = []
  }

  /** Tells what was found since the last time: text follows. */
  tell (): void {
    if (this.#results.size === this.#told) return
    const id = newServerToolId()
    this.#writer.block({ type: 'server_tool_use', id, name: 'web_search', input: {} })
    this.#writer.block({ type: 'web_search_tool_result', tool_use_id: id, content: [...this.#results.values()].slice(this.#told) })
    this.#told = this.#results.size
    this.#searches++
  }

  /** The reply is over. A provider need not count its searches. */
  end (): void {
    this.cite()
    this.tell()
    const { server_tool_use: counted } = this.#writer.usageCounts
    if (this.#searches > 0 && !counted?.web_search_requests) this.#writer.usage({ server_tool_use: { web_search_requests: this.#searches } })
  }
}
