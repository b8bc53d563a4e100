import type { JsonObject } from '../../../src/wire/json.ts'
import type { Received } from '../upstream.ts'

export type KindName = 'openai' | 'openrouter' | 'vllm' | 'deepseek' | 'gemini' | 'anthropic'

/** What a model does in an answer, in no wire's words. */
export type Piece = { think: string } | { say: string } | { call: Call }

/** `size`: how many characters of the arguments come at once, where they come in pieces. Without an id the provider sends none, if its wire allows that. */
export interface Call { id?: string, name: string, input: object, size?: number }

/** Why an answer ends. */
export type Finish = 'stop' | 'calls' | 'length'

/** What somebody said in a conversation, in no wire's words. Results of calls belong to the user. */
export interface Utterance {
  role: 'user' | 'assistant'
  text: string
  /** The provider's own reasoning as it came back, also where it came back in a signature. */
  reasoning: string[]
  calls: { id: string, name: string, input: unknown }[]
  results: { id: string, text: string }[]
  /** Base64 of the pictures and documents that came with it. */
  media: string[]
}

/** One family of providers: how its servers judge and read requests, and how they answer. */
export interface Kind {
  /** Of the transformer pair too. */
  name: KindName
  /** What follows the server's address in `api_base_url`. */
  base: string
  model: string
  /** The status by which it says that it has no capacity. */
  overloaded: number
  /** What a real server would refuse a request for, in its words. */
  judge (request: Received): string[]
  /** Whether the model may think. */
  thinks (request: Received): boolean
  streams (request: Received): boolean
  read (request: Received): Utterance[]
  /** The events of a streamed answer, the last of which says why it ends. */
  frames (pieces: readonly Piece[], finish: Finish, request: Received): string[]
  /** The same answer as one document. */
  plain (pieces: readonly Piece[], finish: Finish, request: Received): string
  failure (status: number, words: string, retryAfter?: number): { headers: Record<string, string>, body: object }
  /** Answers a look at the server. */
  get? (path: string): object | undefined
}

/** The key that every configuration of the tests holds. */
export const KEY = 'upstream-secret'

export function utterance (role: Utterance['role'], said: Partial<Utterance> = {}): Utterance {
  return { role, text: '', reasoning: [], calls: [], results: [], media: [], ...said }
}

export function defaultFinish (pieces: readonly Piece[]): Finish {
  return pieces.some(piece => 'call' in piece) ? 'calls' : 'stop'
}

/** Pieces of a text, as it may arrive. */
export function piecesOf (text: string, size: number): string[] {
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size))
}

/** The base64 of a data URL. */
export function dataOf (url: string): string {
  return url.slice(url.indexOf(',') + 1)
}

/** A field of a parsed body that is an object, or an empty one. */
export function objectAt (body: JsonObject, field: string): JsonObject {
  const value = body[field]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
