import type { JsonObject } from '../../src/wire/json.ts'
import type { KindName, Piece, Utterance } from '../helper/kinds/kind.ts'

/** The API that the client speaks, which is that of the official SDK by which the cell is tested. */
export type Ingress = 'anthropic' | 'openai'

export type Form = 'stream' | 'plain'

export interface Tool { name: string, description: string, schema: JsonObject }

/** What a client asks for, in no API's words. */
export interface Ask {
  system?: string
  prompt: string
  /** Base64 of a PNG. */
  image?: string
  tools?: readonly Tool[]
  /** Whether the answer is to be thought over. */
  thinks?: true
  /** What the answer has to be. */
  schema?: JsonObject
}

/** What the provider does. */
export type Play =
  | { answers: readonly Piece[] }
  | { refuses: number, words: string, retryAfter?: number }
  /** Half an answer, and then a broken connection, or an end as if that had been all. */
  | { halves: readonly Piece[], by: 'a broken connection' | 'an end' }

/** What the client has of an answer. */
export interface Got {
  text: string
  thinking: string
  calls: { name: string, input: unknown }[]
  finish: 'stop' | 'calls' | 'length' | (string & {})
  usage: { input: number, output: number }
  /** The answer as the SDK parsed it, where it had to be of a schema. */
  value: unknown
}

/** An error as the client's SDK throws it. */
export interface Failed {
  /** Its class. */
  error: string
  status: number | undefined
  retryAfter: string | null
}

/** A request as it reached the provider, in no wire's words but where wires have words of their own. */
export interface Arrived {
  system: string
  said: Utterance[]
  tools: Tool[]
  /** The field that asks for structured output, as the wire has it. */
  format: unknown
  /** The fields that ask for thinking, as the wire has them. */
  thinking: unknown
}

/** What must have reached the provider: what is not named is not compared. */
export interface Arrives extends Partial<Omit<Arrived, 'system'>> { system?: string | RegExp }

/** One turn: all that is written here is asserted. */
export interface Step {
  /** A new conversation, or the results of the calls of the last turn, in their order. */
  ask: Ask | { results: readonly string[] }
  play: Play
  gets: Got | (Failed & { words: RegExp })
  arrives: Arrives
}

/** A place of the table. */
export interface Place { kind: KindName, ingress: Ingress, form: Form }

/** A column of the table. */
export interface Case {
  name: string
  /** What "yes" says, for people. */
  means: string
  steps (place: Place): Step[]
}

/** Where a provider cannot do what the others do: a footnote, and what is asserted in the place of the rest. */
export interface Difference {
  kinds: readonly KindName[]
  /** Of both, without it. */
  ingress?: Ingress
  case: string
  note: string
  /** Replaces what the first step expects. */
  arrives?: Arrives
  gets?: Step['gets']
}
