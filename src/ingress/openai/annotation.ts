import { type JsonObject, textOf } from '../../wire/json.ts'

/** A source, as the chat-completions wire names it. */
export interface UrlCitation { type: 'url_citation', url_citation: { url: string, title: string, start_index: number, end_index: number } }

/**
 * The source of what a text says between two places.
 * @returns undefined for one that is no web page: the wire has no form for others
 */
export function annotationOf (citation: JsonObject, start: number, end: number): UrlCitation | undefined {
  const url = textOf(citation['url'])
  return url === '' ? undefined : { type: 'url_citation', url_citation: { url, title: textOf(citation['title']), start_index: start, end_index: end } }
}
