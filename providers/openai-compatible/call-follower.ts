import { parseToolInput } from '../../src/message/tool-input.ts'
import { type JsonObject, isJsonObject, parseJson, textOf } from '../../src/wire/json.ts'

/** A tool call as far as its fragments have told. */
export interface FollowedCall {
  /** Its place in the reply, from 0. */
  readonly place: number
  readonly index: number | undefined
  readonly id: string
  /** Empty until a fragment names it. */
  name: string
  /** Whether it is of a custom tool, whose input is free text (https://platform.openai.com/docs/guides/function-calling, custom tools). */
  readonly custom: boolean
  /** Its arguments so far, as JSON text; the text itself of a custom tool's. */
  input: string
  /** What the last fragment brought of them. */
  piece: string
}

/**
 * Tells which call a fragment of a chat-completions reply belongs to. By the book a fragment names its call by `index`; in
 * practice the index may be missing (Ollama) or always 0 (Gemini's compatible server), the id repeated, empty or absent, and the
 * arguments whole, in pieces, an object, or not there at all. Fragments leave with an index that is right, so that whoever
 * reads them next cannot come to another answer.
 */
export class CallFollower {
  readonly calls: FollowedCall[] = []

  follow (fragment: JsonObject): FollowedCall {
    const custom = isJsonObject(fragment['custom']) ? fragment['custom'] : undefined
    const details = custom ?? (isJsonObject(fragment['function']) ? fragment['function'] : {})
    const index = typeof fragment['index'] === 'number' ? fragment['index'] : undefined
    const id = textOf(fragment['id'])
    const name = textOf(details['name'])
    const piece = custom === undefined ? inputOf(details['arguments']) : textOf(custom['input'])
    const call = this.#find(index, id, name, piece) ?? this.#add(index, id, custom !== undefined)
    if (call.name === '') call.name = name
    call.input += piece
    call.piece = piece
    fragment['index'] = call.place
    return call
  }

  #find (index: number | undefined, id: string, name: string, piece: string): FollowedCall | undefined {
    if (index !== undefined) {
      const call = this.calls.findLast(call => call.index === index)
      return call !== undefined && isAnother(call, id, name, piece) ? undefined : call
    }
    if (id !== '') return this.calls.find(call => call.id === id)
    // Neither index nor id: a name begins a call, anything else belongs to the last one.
    const last = this.calls.at(-1)
    return name !== '' && last?.name !== '' ? undefined : last
  }

  #add (index: number | undefined, id: string, custom: boolean): FollowedCall {
    const call: FollowedCall = { place: this.calls.length, index, id, name: '', custom, input: '', piece: '' }
    this.calls.push(call)
    return call
  }
}

/**
 * Whether a fragment begins a call, though another one has its index: a name under a new id, or under none where the other
 * call is complete. (The name may merely be repeated with the last, empty piece of the arguments.)
 */
function isAnother (call: FollowedCall, id: string, name: string, piece: string): boolean {
  if (name === '') return false
  if (id !== '' && call.id !== '') return id !== call.id
  return (piece !== '' || name !== call.name) && parseToolInput(call.input.startsWith('"') ? unquote(call.input) : call.input) !== undefined
}

/** Arguments that were encoded twice, as a JSON text within a JSON text; others stay as they are. */
export function unquote (input: string): string {
  const text = parseJson(input)
  return typeof text === 'string' && parseToolInput(text) !== undefined ? text : input
}

/** Arguments as JSON text; some servers send them parsed. */
function inputOf (value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : ''
}
