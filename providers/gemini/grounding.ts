import { newServerToolId } from '../../src/message/ids.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { WebSearchResult } from '../../src/wire/anthropic.ts'
import { type JsonObject, isJsonObject, objectsOf, textOf } from '../../src/wire/json.ts'

/**
 * What Google's search found (https://ai.google.dev/gemini-api/docs/google-search): told as citations of the text, and as a
 * search that the provider ran. It comes with the last chunks; those before hold an empty object.
 */
export class Grounding {
  #queries: string[] = []
  /** By their index; null for a source that is no page. */
  #pages: (WebSearchResult | null)[] = []
  #supports: JsonObject[] = []

  push ({ webSearchQueries: queries, groundingChunks: chunks, groundingSupports: supports }: JsonObject): void {
    if (Array.isArray(queries) && queries.length > 0) this.#queries = queries.filter(query => typeof query === 'string')
    if (Array.isArray(chunks) && chunks.length > 0) this.#pages = chunks.map(pageOf)
    if (Array.isArray(supports) && supports.length > 0) this.#supports = objectsOf(supports)
  }

  /** Whether there was a search. */
  get found (): boolean { return this.#queries.length > 0 || this.#pages.some(page => page !== null) }

  /** Cites the pages in the text that is open. */
  cite (writer: MessageWriter): void {
    for (const { segment, groundingChunkIndices: indices } of this.#supports) {
      for (const index of Array.isArray(indices) ? indices : []) {
        const page = this.#pages[Number(index)]
        if (page) writer.citation({ type: 'web_search_result_location', url: page.url, title: page.title, encrypted_index: '', cited_text: isJsonObject(segment) ? textOf(segment['text']) : '' })
      }
    }
  }

  /** Tells the search and its results; Gemini does not say which query found which page. */
  tell (writer: MessageWriter): void {
    const pages = new Map(this.#pages.flatMap(page => page === null ? [] : [[page.url, page]]))
    const id = newServerToolId()
    writer.block({ type: 'server_tool_use', id, name: 'web_search', input: { query: this.#queries.join('; ') } })
    writer.block({ type: 'web_search_tool_result', tool_use_id: id, content: [...pages.values()] })
    writer.usage({ server_tool_use: { web_search_requests: this.#queries.length } })
  }
}

function pageOf (chunk: unknown): WebSearchResult | null {
  const web = isJsonObject(chunk) ? chunk['web'] : undefined
  if (!isJsonObject(web) || typeof web['uri'] !== 'string') return null
  const { uri: url, title } = web
  return { type: 'web_search_result', url, title: typeof title === 'string' ? title : url, encrypted_content: '', page_age: null }
}
