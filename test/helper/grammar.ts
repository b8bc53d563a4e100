/**
 * The grammar of a Messages event stream, checked as strictly as the official SDK reads it
 * (https://docs.claude.com/en/docs/build-with-claude/streaming). It shares no code with the gateway, so that both
 * cannot be wrong in the same way.
 */

type Fields = Record<string, unknown>

export interface Frame { event: string, data: Fields }

export interface Block extends Fields { type: string }

/** What a client has once a stream is over. */
export interface Reply {
  id: string
  model: string
  content: Block[]
  /** How it ended; `cut` is an end without either event, which no stream of ours may have. */
  ended: 'message_stop' | 'error' | 'cut'
  stopReason: string | null
  stopSequence: string | null
  stopDetails: Fields | null
  usage: Fields
  error: { type: string, message: string } | null
  /** Whether the last block was not closed. */
  openBlock: boolean
  pings: number
}

/** Which deltas fit into which block; every other block comes whole. */
const FITTING: Record<string, readonly string[]> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta']
}

export interface GrammarOptions {
  /** Let tool arguments pass that are no JSON objects: where a test itself feeds nonsense. */
  anyInput?: boolean
  /** Let a stream pass that has no end: where a test itself cuts it. */
  cut?: boolean
}

/** Frames of `event:` and `data:`, and nothing else; comments are legal and skipped. */
export function readFrames (text: string): Frame[] {
  must(text === '' || text.endsWith('\n\n'), `the stream does not end with a whole frame: ${text.slice(-200)}`)
  return text.split('\n\n').filter(frame => frame !== '' && !frame.startsWith(':')).map(frame => {
    const lines = frame.split('\n')
    must(lines.length === 2 && lines[0]?.startsWith('event: ') === true && lines[1]?.startsWith('data: ') === true, `a frame must be one event line and one data line: ${frame}`)
    const event = (lines[0] as string).slice('event: '.length)
    const data = JSON.parse((lines[1] as string).slice('data: '.length)) as Fields
    must(data['type'] === event, `the event is named ${event}, its data says ${String(data['type'])}`)
    return { event, data }
  })
}

/**
 * Reads a stream as the SDK does.
 * @throws {Error} that names the rule that was broken
 */
export function checkGrammar (text: string, options: GrammarOptions = {}): Reply {
  const reader = new Reader(options)
  for (const frame of readFrames(text)) reader.frame(frame)
  return reader.end()
}

class Reader {
  readonly #options: GrammarOptions
  readonly #reply: Reply = { id: '', model: '', content: [], ended: 'cut', stopReason: null, stopSequence: null, stopDetails: null, usage: {}, error: null, openBlock: false, pings: 0 }
  #started = false
  #delta = false
  #input = ''
  #signed = false

  constructor (options: GrammarOptions) {
    this.#options = options
  }

  frame ({ event, data }: Frame): void {
    must(this.#reply.ended === 'cut', `${event} after the end of the stream`)
    if (event === 'ping') {
      this.#reply.pings++
      return
    }
    if (event === 'error') {
      this.#error(data)
      return
    }
    must(event === 'message_start' || this.#started, `${event} before message_start`)
    switch (event) {
      case 'message_start': this.#start(data); break
      case 'content_block_start': this.#blockStart(data); break
      case 'content_block_delta': this.#blockDelta(data); break
      case 'content_block_stop': this.#blockStop(data); break
      case 'message_delta': this.#messageDelta(data); break
      case 'message_stop': this.#stop(); break
      default: must(false, `there is no event ${event}`)
    }
  }

  end (): Reply {
    must(this.#reply.ended !== 'cut' || this.#options.cut === true, 'the stream ends with neither message_stop nor error')
    return this.#reply
  }

  #start ({ message }: Fields): void {
    must(!this.#started, 'a second message_start')
    this.#started = true
    const { id, type, role, model, content, stop_reason: reason, stop_sequence: sequence, usage } = message as Fields
    must(typeof id === 'string' && id !== '' && type === 'message' && role === 'assistant' && typeof model === 'string', 'message_start holds no message')
    must(Array.isArray(content) && content.length === 0 && reason === null && sequence === null, 'message_start must be empty and open')
    checkUsage(usage)
    this.#reply.id = id as string
    this.#reply.model = model as string
    this.#reply.usage = { ...usage as Fields }
  }

  #blockStart ({ index, content_block: block }: Fields): void {
    const { content } = this.#reply
    must(!this.#delta, 'a block after message_delta')
    must(!this.#reply.openBlock, `block ${String(index)} starts inside block ${content.length - 1}`)
    must(index === content.length, `block ${String(index)} after ${content.length} blocks`)
    const started = { ...block as Block }
    checkEmpty(started)
    content.push(started)
    this.#reply.openBlock = true
    this.#input = ''
    this.#signed = false
  }

  #blockDelta ({ index, delta }: Fields): void {
    const block = this.#reply.content.at(-1)
    must(this.#reply.openBlock && block !== undefined && index === this.#reply.content.length - 1, `a delta for block ${String(index)}, which is not open`)
    const { type, text, thinking, signature, partial_json: json } = delta as Fields
    must(FITTING[block?.type ?? '']?.includes(String(type)) === true, `a ${String(type)} in a block of type ${String(block?.type)}`)
    if (block === undefined) return
    if (type === 'citations_delta') block['citations'] = [...(block['citations'] as Fields[] | undefined) ?? [], (delta as Fields)['citation']]
    else if (type === 'text_delta') block['text'] = String(block['text']) + needString(text)
    else if (type === 'input_json_delta') this.#input += needString(json)
    else if (type === 'thinking_delta') {
      must(!this.#signed, 'a thinking_delta after the signature')
      block['thinking'] = String(block['thinking']) + needString(thinking)
    } else if (type === 'signature_delta') {
      must(!this.#signed, 'a second signature_delta')
      this.#signed = true
      block['signature'] = needString(signature)
    }
  }

  #blockStop ({ index }: Fields): void {
    const block = this.#reply.content.at(-1)
    must(this.#reply.openBlock && index === this.#reply.content.length - 1, `content_block_stop of block ${String(index)}, which is not open`)
    this.#reply.openBlock = false
    if (block?.type === 'tool_use' && this.#input !== '') block['input'] = parseOr(this.#input)
  }

  #messageDelta ({ delta, usage }: Fields): void {
    must(!this.#delta, 'a second message_delta')
    must(!this.#reply.openBlock, 'message_delta while a block is open')
    this.#delta = true
    const { stop_reason: reason, stop_sequence: sequence, stop_details: details } = delta as Fields
    must(typeof reason === 'string' && sequence !== undefined, 'message_delta must say why the model stopped')
    checkUsage(usage)
    this.#reply.stopReason = reason as string
    this.#reply.stopSequence = sequence as string | null
    this.#reply.stopDetails = details === undefined ? null : details as Fields
    Object.assign(this.#reply.usage, usage)
  }

  #stop (): void {
    must(this.#delta, 'message_stop without message_delta')
    this.#reply.ended = 'message_stop'
    // An answer cut by its limit may hold half a call; no other may.
    if (this.#options.anyInput === true || this.#reply.stopReason === 'max_tokens') return
    for (const block of this.#reply.content) {
      must(block.type !== 'tool_use' || isObject(block['input']), `the arguments of ${String(block['name'])} are no JSON object: ${String(block['input'])}`)
    }
  }

  #error ({ error }: Fields): void {
    const { type, message } = error as Fields
    must(typeof type === 'string' && typeof message === 'string', 'an error event needs error.type and error.message')
    must(!this.#delta, 'an error after message_delta')
    this.#reply.ended = 'error'
    this.#reply.error = { type: type as string, message: message as string }
  }
}

/** A block begins empty, so that its deltas are all of it. */
function checkEmpty (block: Block): void {
  switch (block.type) {
    case 'text': must(block['text'] === '', 'a text block must start empty'); break
    case 'thinking': must(block['thinking'] === '' && block['signature'] === '', 'a thinking block must start empty, with both of its fields'); break
    case 'tool_use':
      must(typeof block['id'] === 'string' && /^[a-zA-Z0-9_-]+$/.test(block['id']), `not a legal tool id: ${String(block['id'])}`)
      must(typeof block['name'] === 'string' && block['name'] !== '', 'a tool_use needs a name')
      must(isObject(block['input']) && Object.keys(block['input'] as object).length === 0, 'a tool_use must start with an empty input')
      break
    case 'redacted_thinking': must(typeof block['data'] === 'string', 'redacted_thinking needs data'); break
    default: must(typeof block.type === 'string', 'a block needs a type')
  }
}

function checkUsage (usage: unknown): void {
  const { input_tokens: input, output_tokens: output } = (usage ?? {}) as Fields
  must(typeof input === 'number' && typeof output === 'number', 'usage must have input_tokens and output_tokens')
}

function parseOr (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function isObject (value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function needString (value: unknown): string {
  must(typeof value === 'string', `a delta must be a string, not ${String(value)}`)
  return value as string
}

function must (condition: boolean, rule: string): void {
  if (!condition) throw new Error(`grammar: ${rule}`)
}

/** The texts of all blocks of one type, one after the other. */
export function joined (content: readonly Block[], type: 'text' | 'thinking'): string {
  return content.filter(block => block.type === type).map(block => String(block[type])).join('')
}

/** The types of the blocks, in order. */
export function types (content: readonly Block[]): string[] {
  return content.map(block => block.type)
}
