/** Where thinking between literal tags may begin: with an opening tag at the head of the answer, or before its first character. */
export type ThinkTagPlace = 'head' | 'implied'

/** Where the pieces go. */
export interface ThinkTagOutput {
  thinking (delta: string): void
  text (delta: string): void
}

/**
 * Parts an answer into thinking and text by literal tags (`<think>…</think>`), as models write them where nobody parses
 * them, cut between deltas anywhere. Tags count at the head only: what comes later may be the model's talk about tags.
 *
 * It is done when the thinking is over, or when there is none; from then on every delta is text, and need not come here.
 */
export class ThinkTagSplitter {
  readonly #place: ThinkTagPlace
  readonly #output: ThinkTagOutput
  readonly #open: string
  readonly #close: string
  #state: 'head' | 'opened' | 'thinking' | 'behind' | 'done' = 'head'
  /** What cannot be told apart yet: blanks, or the beginning of a tag. */
  #held = ''
  #begun = false

  /** @param tag its name, without brackets */
  constructor (place: ThinkTagPlace, output: ThinkTagOutput, tag = 'think') {
    this.#place = place
    this.#output = output
    this.#open = `<${tag}>`
    this.#close = `</${tag}>`
  }

  get done (): boolean { return this.#state === 'done' }

  /** Whether there was anything yet. */
  get begun (): boolean { return this.#begun }

  push (delta: string): void {
    this.#begun = true
    const text = this.#held + delta
    this.#held = ''
    switch (this.#state) {
      case 'head': return this.#head(text)
      case 'opened': return this.#begin(text)
      case 'thinking': return this.#think(text)
      case 'behind': return this.#behind(text)
      case 'done': return this.#output.text(text)
    }
  }

  /** Something other than text follows, or nothing: what was held back is what it looks like. */
  end (): void {
    const held = this.#held
    this.#held = ''
    if (this.#state === 'thinking') this.#tell('thinking', held)
    else if (this.#state === 'head') this.#tell(this.#place === 'implied' ? 'thinking' : 'text', held)
  }

  #head (text: string): void {
    const begin = text.trimStart()
    if (begin.startsWith(this.#open)) this.#begin(begin.slice(this.#open.length))
    else if (this.#open.startsWith(begin)) this.#held = text
    else if (this.#place === 'implied') this.#begin(begin)
    else {
      this.#state = 'done'
      this.#output.text(text)
    }
  }

  /** The line end behind the tag is part of it. */
  #begin (text: string): void {
    const begin = text.trimStart()
    this.#state = begin === '' ? 'opened' : 'thinking'
    this.#think(begin)
  }

  #think (text: string): void {
    const end = text.indexOf(this.#close)
    if (end === -1) {
      const kept = lengthOfBeginning(text, this.#close)
      this.#held = text.slice(text.length - kept)
      this.#tell('thinking', text.slice(0, text.length - kept))
      return
    }
    this.#tell('thinking', text.slice(0, end))
    this.#state = 'behind'
    this.#behind(text.slice(end + this.#close.length))
  }

  /** The blank lines between thinking and answer belong to neither. */
  #behind (text: string): void {
    const begin = text.trimStart()
    if (begin === '') return
    this.#state = 'done'
    this.#output.text(begin)
  }

  #tell (kind: 'thinking' | 'text', text: string): void {
    if (text !== '') this.#output[kind](text)
  }
}

/** How many characters at the end of a text may be the beginning of a tag. */
function lengthOfBeginning (text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
