import type { ApiError } from '../errors.ts'
import { SseParser } from '../sse/parser.ts'
import type { ReasoningMemory } from '../message/reasoning-memory.ts'
import { ReplyCounts } from '../message/reply-counts.ts'
import { billedOf, readUsage } from '../message/usage.ts'
import type { StopReason, Usage } from '../wire/anthropic.ts'
import { type JsonObject, isJsonObject, objectsOf, parseJson, textOf } from '../wire/json.ts'
import type { ReplyObserver } from './passage.ts'

/** Where thinking that passes is remembered: by whom it was made. */
export interface Signatures { memory: ReasoningMemory, family: string }

/** The delta that shows life in an open block, by its type. */
const EMPTY_DELTA: Record<string, string> = {
  text: '{"type":"text_delta","text":""}',
  thinking: '{"type":"thinking_delta","thinking":""}',
  tool_use: '{"type":"input_json_delta","partial_json":""}'
}

const QUOTE = 34
const BRACE = 125

/** The delta that carries what the model wrote, by the type of the block; signatures and citations are none of that. */
const WORDS: Record<string, string> = {
  text: '"text_delta"',
  thinking: '"thinking_delta"',
  tool_use: '"input_json_delta"',
  server_tool_use: '"input_json_delta"'
}

/** A block whose deltas come. */
interface OpenBlock {
  readonly index: number
  readonly type: string
  /** What tells a delta that carries the model's words; undefined where none does. */
  readonly words: string | undefined
  /** Where that stands, and where the words begin: a server prints all of its deltas alike. */
  at: number
  begin: number
}

/** Reads a passing Messages stream on the side: usage, the reason to stop, who signed what. Deltas are not parsed. */
export class RelayObserver implements ReplyObserver {
  readonly usageCounts: Usage = { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
  readonly counts = new ReplyCounts()
  stopReason: StopReason | null = null
  /** Whether the message is whole. */
  finished = false
  /** Whether the client has, or is about to get, something of the answer: content, or why there is none. */
  hasContent = false
  /** The end has an event of its own. */
  readonly expectsEnd = false
  error: ApiError | null = null
  readonly #parser = new SseParser((data, event) => this.#event(data, event))
  readonly #signatures: Signatures
  /** The error that the data of an `error` event stands for. */
  readonly toError: (data: unknown) => ApiError
  #open: OpenBlock | null = null

  constructor (signatures: Signatures, toError: (data: unknown) => ApiError) {
    this.#signatures = signatures
    this.toError = toError
  }

  push (bytes: Buffer): void {
    this.#parser.push(bytes)
  }

  /** An event that shows life in the open block; undefined where none is open. */
  emptyDelta (): string | undefined {
    const delta = EMPTY_DELTA[this.#open?.type ?? '']
    return delta && `event: content_block_delta\ndata: {"type":"content_block_delta","index":${this.#open?.index},"delta":${delta}}\n\n`
  }

  /** Counts of a plain message, which is one document. */
  message (message: JsonObject): void {
    this.counts.served(message['model'])
    this.#count(message['usage'], true)
    this.stopReason = typeof message['stop_reason'] === 'string' ? message['stop_reason'] as StopReason : null
    for (const block of objectsOf(message['content'])) this.#take(block)
  }

  #event (data: string, event: string): void {
    switch (event) {
      case 'message_start': {
        const { message } = parse(data)
        if (isJsonObject(message)) {
          this.counts.served(message['model'])
          this.#count(message['usage'], false)
        }
        break
      }
      case 'content_block_start': this.#start(parse(data)); break
      case 'content_block_delta':
        this.hasContent = true
        if (this.#open !== null) this.#delta(data, this.#open)
        break
      case 'content_block_stop':
        this.hasContent = true
        this.#open = null
        break
      case 'message_delta': this.#end(parse(data)); break
      case 'message_stop': this.finished = true; break
      case 'error': this.error ??= this.toError(parse(data)); break
    }
  }

  /** One that deltas fill is nothing yet: servers open it before the model has said a word, and may fail then. */
  #start ({ index, content_block: block }: JsonObject): void {
    const type = isJsonObject(block) ? textOf(block['type']) : ''
    if (EMPTY_DELTA[type] === undefined) this.hasContent = true
    if (typeof index !== 'number' || !isJsonObject(block)) return
    this.#open = { index, type, words: WORDS[type], at: 0, begin: 0 }
    this.#take(block)
  }

  #end ({ delta, usage }: JsonObject): void {
    const reason = isJsonObject(delta) ? delta['stop_reason'] : null
    this.#count(usage, typeof reason === 'string')
    if (typeof reason !== 'string') return
    this.hasContent = true
    this.stopReason = reason as StopReason
  }

  /** @param final whether the answer is whole: what is counted at its begin is a beginning */
  #count (usage: unknown, final: boolean): void {
    if (!isJsonObject(usage)) return
    const counts = readUsage(usage)
    Object.assign(this.usageCounts, counts)
    this.counts.reported(counts, final)
    if (final) this.counts.billed = billedOf(usage)
  }

  /** A block that may be whole, or begins. */
  #take (block: JsonObject): void {
    const { text, thinking, input } = block
    this.counts.written += textOf(text).length + textOf(thinking).length
    if (isJsonObject(input) && Object.keys(input).length > 0) this.counts.written += JSON.stringify(input).length
    this.#remember(block)
  }

  #delta (data: string, open: OpenBlock): void {
    const length = lengthOfWords(data, open)
    if (length > 0) this.counts.written += length
    else if (open.type === 'thinking' && data.includes('"signature_delta"')) this.#remember(parse(data)['delta'])
  }

  #remember (block: unknown): void {
    if (!isJsonObject(block)) return
    const { memory, family } = this.#signatures
    const signature = textOf(block['signature']) || (block['type'] === 'redacted_thinking' ? textOf(block['data']) : '')
    if (signature !== '') memory.signed(signature, family)
  }
}

/** How much the model wrote in a delta, without parsing it. Escapes are counted as they stand there. */
function lengthOfWords (data: string, open: OpenBlock): number {
  const { words } = open
  if (words === undefined || (!data.startsWith(words, open.at) && !findWords(data, words, open))) return 0
  const end = data.length - 3
  // `"}}` is how most end; some put blanks, or the block's number, behind the delta.
  return Math.max(0, (data.charCodeAt(end) === QUOTE && data.charCodeAt(end + 1) === BRACE ? end : data.lastIndexOf('"}')) - open.begin)
}

function findWords (data: string, words: string, open: OpenBlock): boolean {
  const at = data.indexOf(words)
  if (at === -1) return false
  open.at = at
  open.begin = data.indexOf('"', data.indexOf(':', at + words.length)) + 1
  return true
}

function parse (data: string): JsonObject {
  const value = parseJson(data)
  return isJsonObject(value) ? value : {}
}
