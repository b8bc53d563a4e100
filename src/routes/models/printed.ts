import type { Catalogue } from './catalogue.ts'

/** Texts that are kept of a catalogue, and the longest question that one is kept for: both are the client's choice. */
const MAX_TEXTS = 50
const MAX_QUESTION = 300

interface Printed {
  /** What servers had told of their windows. */
  readonly told: readonly unknown[]
  readonly texts: Map<string, string>
}

const printed = new WeakMap<Catalogue, Printed>()

/**
 * An answer as JSON, printed once for each question: a thousand models take longer to print than to send.
 * @param question all that the answer depends on, beside the catalogue and what servers tell of their windows
 */
export function print (catalogue: Catalogue, question: string, write: () => object): string {
  const told = catalogue.facts.map(({ contextWindows }) => contextWindows)
  let known = printed.get(catalogue)
  if (known === undefined || known.told.some((windows, i) => windows !== told[i])) printed.set(catalogue, known = { told, texts: new Map() })
  const { texts } = known
  const text = texts.get(question) ?? JSON.stringify(write())
  if (question.length > MAX_QUESTION) return text
  if (texts.size >= MAX_TEXTS) texts.clear()
  texts.set(question, text)
  return text
}
