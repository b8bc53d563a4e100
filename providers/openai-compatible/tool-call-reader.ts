import { ApiError } from '../../src/errors.ts'
import { legalToolId, newToolId } from '../../src/message/ids.ts'
import { parseToolInput } from '../../src/message/tool-input.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { Asked } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, textOf } from '../../src/wire/json.ts'

interface Call {
  key: number
  index: number | undefined
  id: string
  name: string
  /** The arguments so far. */
  text: string
  /** Arguments that came before the name did. */
  early: string
  /** Arguments that begin with a quotation mark wait for their end: they were encoded twice. */
  quoted: string
  named: boolean
  /** Whether the writer has any of its arguments. */
  begun: boolean
}

/**
 * Puts tool calls together from fragments. By the book a fragment names its call by `index`; in practice the index may
 * be missing (Ollama) or always 0 (Gemini's compatible server), the id repeated, empty or absent, and the arguments
 * whole, in pieces, an object, or not there at all.
 */
export class ToolCallReader {
  readonly #writer: MessageWriter
  readonly #calls: Call[] = []
  readonly #asked: Pick<Asked, 'toolIds' | 'toolNames'>
  readonly #onCall: (id: string) => void

  /**
   * @param asked ids that the conversation holds already (some servers count from `call_0` in every reply), and names that were shortened
   * @param onCall gets the id of each call, as the client will see it
   */
  constructor (writer: MessageWriter, asked: Pick<Asked, 'toolIds' | 'toolNames'>, onCall: (id: string) => void) {
    this.#writer = writer
    this.#asked = asked
    this.#onCall = onCall
  }

  push (fragment: JsonObject): void {
    const details = isJsonObject(fragment['function']) ? fragment['function'] : {}
    const index = typeof fragment['index'] === 'number' ? fragment['index'] : undefined
    const id = textOf(fragment['id'])
    const name = textOf(details['name'])
    const input = inputOf(details['arguments'])
    const call = this.#find(index, id, name, input) ?? this.#add(index, id)
    if (name !== '' && !call.named) this.#begin(call, name)
    call.text += input
    if (!call.named) call.early += input
    else this.#input(call, input)
  }

  /** The reply is complete: a call that never got a name cannot be told to anyone. */
  end (): void {
    for (const call of this.#calls) if (call.quoted !== '') this.#writer.toolInput(call.key, unquote(call.quoted))
    if (this.#calls.some(call => !call.named)) this.#writer.fail(new ApiError('api_error', 'The model called a tool without naming it.', { status: 502 }))
  }

  #find (index: number | undefined, id: string, name: string, input: string): Call | undefined {
    if (index !== undefined) {
      const call = this.#calls.findLast(call => call.index === index)
      return call !== undefined && isAnother(call, id, name, input) ? undefined : call
    }
    if (id !== '') return this.#calls.find(call => call.id === id)
    // Neither index nor id: a name begins a call, anything else belongs to the last one.
    const last = this.#calls.at(-1)
    return name !== '' && last?.named ? undefined : last
  }

  #add (index: number | undefined, id: string): Call {
    const call: Call = { key: this.#calls.length, index, id, name: '', text: '', early: '', quoted: '', named: false, begun: false }
    this.#calls.push(call)
    return call
  }

  #begin (call: Call, name: string): void {
    call.named = true
    call.name = name
    const legal = legalToolId(call.id)
    const taken = call.id === '' || this.#asked.toolIds?.has(legal) === true || this.#calls.some(other => other !== call && other.named && other.id === call.id)
    const id = taken ? newToolId() : legal
    this.#writer.toolUse(call.key, id, this.#asked.toolNames?.get(name) ?? name)
    this.#onCall(id)
    this.#input(call, call.early)
  }

  #input (call: Call, input: string): void {
    if (call.quoted !== '') call.quoted += input
    else if (!call.begun && input.startsWith('"')) call.quoted = input
    // `null` as the whole of the arguments is how some servers say that there are none.
    else if (call.begun || input !== 'null') {
      call.begun ||= input !== ''
      this.#writer.toolInput(call.key, input)
    }
  }
}

/**
 * Whether a fragment begins a call, though another one has its index: a name under a new id, or under none where the other
 * call is complete. (The name may merely be repeated with the last, empty piece of the arguments.)
 */
function isAnother (call: Call, id: string, name: string, input: string): boolean {
  if (name === '') return false
  if (id !== '' && call.id !== '') return id !== call.id
  return (input !== '' || name !== call.name) && parseToolInput(call.text.startsWith('"') ? unquote(call.text) : call.text) !== undefined
}

/** Arguments that were encoded twice, as a JSON text within a JSON text; others stay as they are. */
function unquote (input: string): string {
  try {
    const text: unknown = JSON.parse(input)
    return typeof text === 'string' && parseToolInput(text) !== undefined ? text : input
  } catch {
    return input
  }
}

/** Arguments as JSON text; some servers send them parsed. */
function inputOf (value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : ''
}
