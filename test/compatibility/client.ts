import type { Ask, Form, Got, Ingress } from './case.ts'
import { anthropicClient } from './anthropic-client.ts'
import { openaiClient } from './openai-client.ts'

/** A conversation by way of an official SDK, which goes on as the SDK's documentation says. */
export interface Conversation {
  ask (ask: Ask): Promise<Got>
  /** Sends the results of the calls of the last answer back, in the order of the calls. */
  give (results: readonly string[]): Promise<Got>
}

/** @param model the name that the client asks for */
export type Client = (model: string, form: Form) => Conversation

/** The official SDK of an API, with the gateway in the place of the API's server. It repeats nothing. */
export const CLIENTS: Record<Ingress, (url: string) => Client> = { anthropic: anthropicClient, openai: openaiClient }
