import { ApiError } from '../../src/errors.ts'
import { legalToolId, newToolId } from '../../src/message/ids.ts'
import type { MessageWriter } from '../../src/message/writer.ts'
import type { Asked } from '../../src/provider.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import { CallFollower, type FollowedCall, unquote } from './call-follower.ts'

/** What the writer has of a call. */
interface Told {
  /** Whether its input is free text, which is put into an object: arguments are one. */
  readonly custom: boolean
  /** Whether it has any of its arguments. */
  begun: boolean
  /** Arguments that begin with a quotation mark wait for their end: they were encoded twice. */
  quoted: string
}

/** Tells the writer of tool calls, put together from their fragments. */
export class ToolCallReader {
  readonly #writer: MessageWriter
  readonly #follower = new CallFollower()
  /** By the place of the call; none for one that has no name yet. */
  readonly #told: (Told | undefined)[] = []
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
    const call = this.#follower.follow(fragment)
    if (call.name === '') return
    const told = this.#told[call.place]
    if (told !== undefined) this.#input(call.place, told, call.piece)
    // What came before the name is told with it.
    else this.#input(call.place, this.#begin(call), call.input)
  }

  /** The reply is complete: a call that never got a name cannot be told to anyone. */
  end (): void {
    for (const [place, told] of this.#told.entries()) {
      if (told?.custom === true) this.#writer.toolInput(place, '"}')
      else if (told !== undefined && told.quoted !== '') this.#writer.toolInput(place, unquote(told.quoted))
    }
    if (this.#follower.calls.some(call => call.name === '')) this.#writer.fail(new ApiError('api_error', 'The model called a tool without naming it.', { status: 502 }))
  }

  #begin (call: FollowedCall): Told {
    const told = this.#told[call.place] = { custom: call.custom, begun: false, quoted: '' }
    const legal = legalToolId(call.id)
    const taken = call.id === '' || this.#asked.toolIds?.has(legal) === true || this.#follower.calls.some(other => other !== call && other.name !== '' && other.id === call.id)
    const id = taken ? newToolId() : legal
    this.#writer.toolUse(call.place, id, this.#asked.toolNames?.get(call.name) ?? call.name)
    this.#onCall(id)
    if (call.custom) this.#writer.toolInput(call.place, '{"input":"')
    return told
  }

  #input (place: number, told: Told, input: string): void {
    if (told.custom) this.#writer.toolInput(place, JSON.stringify(input).slice(1, -1))
    else if (told.quoted !== '') told.quoted += input
    else if (!told.begun && input.startsWith('"')) told.quoted = input
    // `null` as the whole of the arguments is how some servers say that there are none.
    else if (told.begun || input !== 'null') {
      told.begun ||= input !== ''
      this.#writer.toolInput(place, input)
    }
  }
}
