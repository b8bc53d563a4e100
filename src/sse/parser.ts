import { parseJson } from '../wire/json.ts'

const LF = 10
const CR = 13
const BRACE = 123
const BRACKET = 91

/** How a bare JSON error begins, all of it in one line or printed over several, in an array or not. */
const BARE = /^\[?\s*(\{\s*("error"|$)|$)/
const BARE_ERROR = /^\[?\s*\{\s*"error"\s*:/
/** More is no error's text. */
const MAX_BARE = 64 * 1024

/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) from bytes cut anywhere.
 *
 * Bytes are decoded only up to the last line end that arrived, so a character is never cut, and a read of many events
 * costs one decoding. Two liberties are taken: a last event without its blank line still counts, and a byte order mark
 * is skipped wherever the stream begins.
 */
export class SseParser {
  readonly #onEvent: (data: string, event: string) => void
  #rest: Buffer[] = []
  #pending = 0
  #data = ''
  #hasData = false
  #event = ''
  #first = true
  #skipLf = false
  /** Lines of a bare JSON error that is not whole; empty outside of one. */
  #bare = ''

  /** @param onEvent gets the data of each event (lines joined by a newline) and its name, empty if it has none */
  constructor (onEvent: (data: string, event: string) => void) {
    this.#onEvent = onEvent
  }

  /** Bytes of a line that has not ended. */
  get pending (): number { return this.#pending }

  /** The bytes of one read. */
  push (bytes: Buffer): void {
    const end = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1
    if (end === 0) {
      this.#keep(bytes)
      return
    }
    const lines = this.#decode(bytes.subarray(0, end))
    if (end < bytes.length) this.#keep(bytes.subarray(end))
    this.#lines(lines)
  }

  /** The stream is over: what has no line end yet is a line all the same. */
  end (): void {
    const last = this.#decode(Buffer.alloc(0))
    if (last !== '') this.#lines(last + '\n')
    this.#endBare()
    this.#dispatch()
  }

  #keep (bytes: Buffer): void {
    this.#rest.push(bytes)
    this.#pending += bytes.length
  }

  #decode (bytes: Buffer): string {
    let text: string
    if (this.#rest.length === 0) text = bytes.toString('utf8')
    else {
      text = Buffer.concat([...this.#rest, bytes]).toString('utf8')
      this.#rest = []
      this.#pending = 0
    }
    if (this.#first && text !== '') {
      this.#first = false
      if (text.charCodeAt(0) === 0xFEFF) text = text.slice(1)
    }
    return this.#unifyLineEnds(text)
  }

  /** CR and CR LF become LF; a CR LF may be cut between two reads. */
  #unifyLineEnds (text: string): string {
    if (this.#skipLf && text !== '') {
      this.#skipLf = false
      if (text.charCodeAt(0) === LF) text = text.slice(1)
    }
    if (!text.includes('\r')) return text
    this.#skipLf = text.endsWith('\r')
    return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  }

  #lines (text: string): void {
    for (let start = 0, end = text.indexOf('\n'); end !== -1; start = end + 1, end = text.indexOf('\n', start)) {
      if (this.#bare !== '') this.#bareLine(text, start, end)
      else if (end === start) this.#dispatch()
      else this.#line(text, start, end)
    }
  }

  #line (text: string, start: number, end: number): void {
    if (text.startsWith('data:', start)) {
      const data = text.slice(start + (text.charCodeAt(start + 5) === 32 ? 6 : 5), end)
      this.#data = this.#hasData ? `${this.#data}\n${data}` : data
      this.#hasData = true
    } else if (text.startsWith('event:', start)) {
      this.#event = text.slice(start + 6, end).trim()
    } else if (text.charCodeAt(start) === BRACE || text.charCodeAt(start) === BRACKET) {
      // Some servers break off with a bare JSON error, outside of any field.
      const line = text.slice(start, end)
      if (!BARE.test(line)) return
      this.#bare = line
      if (parseJson(line) !== undefined) this.#endBare()
    }
  }

  /** Google prints an error over several lines; whatever is no such line ends it. */
  #bareLine (text: string, start: number, end: number): void {
    if (end === start || text.startsWith('data:', start) || text.startsWith('event:', start)) {
      this.#endBare()
      if (end > start) this.#line(text, start, end)
      return
    }
    const line = text.slice(start, end)
    this.#bare += `\n${line}`
    if (this.#bare.length > MAX_BARE || (/^[}\]]/.test(line) && parseJson(this.#bare) !== undefined)) this.#endBare()
  }

  #endBare (): void {
    const bare = this.#bare
    this.#bare = ''
    if (!BARE_ERROR.test(bare)) return
    this.#dispatch()
    this.#onEvent(bare, 'error')
  }

  #dispatch (): void {
    const event = this.#event
    this.#event = ''
    if (!this.#hasData) return
    const data = this.#data
    this.#data = ''
    this.#hasData = false
    this.#onEvent(data, event)
  }
}
