/** How much of the beginning is kept. */
const HEAD = 1000

/** What a text is known by, within one conversation: its beginning and its length. A long answer is not kept for it. */
export class TextMark {
  #head = ''
  #length = 0

  get empty (): boolean { return this.#length === 0 }

  push (text: string): void {
    if (this.#head.length < HEAD) this.#head += text.slice(0, HEAD)
    this.#length += text.length
  }

  toString (): string {
    return `${this.#length} ${this.#head.slice(0, HEAD)}`
  }
}

export function markOf (text: string): string {
  const mark = new TextMark()
  mark.push(text)
  return mark.toString()
}
