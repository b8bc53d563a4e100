import { type JsonObject, isJsonObject, textOf } from '../../src/wire/json.ts'

/** A tool call as far as its fragments have told. */
export interface FollowedCall {
  /** Its place in the reply, from 0. */
  readonly place: number
  readonly index: number | undefined
  readonly id: string
  name: string
  /** Its arguments so far, where they come as text. */
  input: string
}

/**
 * Tells which call a fragment of a chat-completions reply belongs to, whatever of index, id and name the server sends.
 * Fragments leave with an index that is right, so that what is read of them later cannot differ.
 */
export class CallFollower {
  readonly calls: FollowedCall[] = []

  follow (fragment: JsonObject): FollowedCall {
    const details = isJsonObject(fragment['function']) ? fragment['function'] : {}
    const index = typeof fragment['index'] === 'number' ? fragment['index'] : undefined
    const id = textOf(fragment['id'])
    const name = textOf(details['name'])
    const call = this.#find(index, id, name) ?? this.#add(index, id)
    if (call.name === '') call.name = name
    call.input += textOf(details['arguments'])
    fragment['index'] = call.place
    return call
  }

  #find (index: number | undefined, id: string, name: string): FollowedCall | undefined {
    if (index !== undefined) {
      const call = this.calls.findLast(call => call.index === index)
      // Some servers count every call as 0: a new id and a name tell that another one begins.
      const another = call !== undefined && id !== '' && call.id !== '' && id !== call.id && name !== ''
      return another ? undefined : call
    }
    if (id !== '') return this.calls.find(call => call.id === id)
    const last = this.calls.at(-1)
    return name !== '' && last?.name !== '' ? undefined : last
  }

  #add (index: number | undefined, id: string): FollowedCall {
    const call: FollowedCall = { place: this.calls.length, index, id, name: '', input: '' }
    this.calls.push(call)
    return call
  }
}
