import { ApiError } from '../errors.ts'
import type { ReplyDecoder } from '../provider.ts'
import { SseParser } from '../sse/parser.ts'
import { isJsonObject } from '../wire/json.ts'

/** A plain reply or a single event longer than this is no answer of a model. */
const MAX_PLAIN_BODY = 64 * 1024 * 1024

export interface BodyReader {
  /** Whether the provider said that nothing more follows, be the connection open or not. */
  readonly done: boolean
  /** Whether it is one document, and no stream, whatever it was called. */
  readonly plain: boolean
  /** @throws {ApiError} when the body is neither events nor JSON */
  push (bytes: Buffer): void
  /** @throws {ApiError} when the body is not whole */
  end (): void
}

/**
 * Reads a reply body into a decoder, as events or as one JSON document. The first character tells which: servers answer
 * a request for a stream with JSON, one for JSON with a stream, and name either by any content type.
 */
export function readBody (decoder: ReplyDecoder, provider: string): BodyReader {
  let reader: BodyReader | undefined
  return {
    get done () { return reader?.done === true },
    get plain () { return reader?.plain === true },
    push (bytes) {
      if (reader !== undefined) return reader.push(bytes)
      const begin = bytes.findIndex(byte => !SKIPPED.has(byte))
      if (begin === -1) return
      reader = choose(bytes[begin] as number, decoder, provider)
      reader.push(begin === 0 ? bytes : bytes.subarray(begin))
    },
    end () {
      reader?.end()
      decoder.end()
    }
  }
}

/** Blanks, line ends and the bytes of a byte order mark tell nothing of what follows; some servers send blank lines while they think. */
const SKIPPED = new Set([0x20, 0x0A, 0x0D, 0x09, 0xEF, 0xBB, 0xBF])

function choose (first: number, decoder: ReplyDecoder, provider: string): BodyReader {
  const looksLikeDocument = first === 0x7B || first === 0x5B || first === 0x3C || first === 0x22 // { [ < "
  return looksLikeDocument ? new DocumentReader(decoder, provider) : new EventReader(decoder, provider)
}

class EventReader implements BodyReader {
  readonly plain = false
  readonly #decoder: ReplyDecoder
  readonly #provider: string
  readonly #parser = new SseParser((data, event) => this.#event(data, event))
  #done = false
  #ending = false

  constructor (decoder: ReplyDecoder, provider: string) {
    this.#decoder = decoder
    this.#provider = provider
  }

  get done (): boolean { return this.#done }

  push (bytes: Buffer): void {
    this.#parser.push(bytes)
    if (this.#parser.pending > MAX_PLAIN_BODY) throw tooLarge(this.#provider)
  }

  end (): void {
    this.#ending = true
    this.#parser.end()
  }

  #event (data: string, event: string): void {
    const word = data.trimEnd()
    if (this.#done || word === '') return
    // Also where the connection broke within the word: no JSON begins like it but a list, and that is no chunk.
    if ('[DONE]'.startsWith(word)) {
      this.#done = true
    } else if (event === 'error') {
      this.#decoder.push(errorChunk(data))
    } else {
      this.#chunk(data)
    }
  }

  #chunk (data: string): void {
    let chunk: unknown
    try {
      chunk = JSON.parse(data)
    } catch (error) {
      return this.#others(data, error)
    }
    this.#decoder.push(chunk)
  }

  /** An event's data is one JSON document; servers that forget the blank line between events send several, one a line. */
  #others (data: string, error: unknown): void {
    const lines = data.split('\n').filter(line => line !== '')
    if (lines.length > 1) for (const line of lines) this.#event(line, '')
    // What the connection cut in the middle, behind an answer that was whole, is not missed.
    else if (!this.#ending || !this.#decoder.finished) throw notJson(this.#provider, error)
  }
}

/** The data of an `error` event, in the form that decoders know. */
function errorChunk (data: string): unknown {
  let parsed: unknown
  try {
    parsed = JSON.parse(data)
  } catch {
    return { error: { message: data } }
  }
  const object = Array.isArray(parsed) ? parsed[0] as unknown : parsed
  return isJsonObject(object) && object['error'] !== undefined ? object : { error: object }
}

class DocumentReader implements BodyReader {
  readonly done = false
  readonly plain = true
  readonly #decoder: ReplyDecoder
  readonly #provider: string
  #pieces: Buffer[] = []
  #length = 0

  constructor (decoder: ReplyDecoder, provider: string) {
    this.#decoder = decoder
    this.#provider = provider
  }

  push (bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#length += bytes.length
    if (this.#length > MAX_PLAIN_BODY) throw tooLarge(this.#provider)
  }

  end (): void {
    const bytes = Buffer.concat(this.#pieces, this.#length)
    const text = bytes.toString()
    // A stream may begin with an error outside of any event.
    if (text.includes('\ndata:')) return this.#readEvents(bytes)
    const document = parseDocument(text, this.#provider)
    this.#decoder.push(Array.isArray(document) ? document[0] : document)
  }

  #readEvents (bytes: Buffer): void {
    const events = new EventReader(this.#decoder, this.#provider)
    events.push(bytes)
    events.end()
  }
}

function parseDocument (text: string, provider: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notJson(provider, error)
  }
}

function tooLarge (provider: string): ApiError {
  return new ApiError('api_error', `${provider} sent a reply that is too large.`, { status: 502 })
}

function notJson (provider: string, cause: unknown): ApiError {
  return new ApiError('api_error', `${provider} sent a reply that is not JSON.`, { status: 502, cause })
}
