import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import openai from '../../providers/openai.ts'
import openrouter from '../../providers/openrouter.ts'
import type { ApiError } from '../../src/errors.ts'
import { MessageCollector } from '../../src/message/collector.ts'
import { SseEncoder } from '../../src/message/sse-encoder.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import type { Target, TransformerPair } from '../../src/provider.ts'
import type { Message, MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatMessage, ChatRequest } from '../../src/wire/openai-chat.ts'
import { type Reply, checkGrammar } from './grammar.ts'

/** What a provider plugin registers, without an app around it. */
async function pairOf (plugin: FastifyPluginAsync): Promise<TransformerPair> {
  const added: TransformerPair[] = []
  await plugin({ transformers: { add: (pair: TransformerPair) => added.push(pair) } } as unknown as FastifyInstance, {})
  return added[0] as TransformerPair
}

export type PairName = 'openai' | 'openrouter'

export const pairs: Record<PairName, TransformerPair> = { openai: await pairOf(openai), openrouter: await pairOf(openrouter) }

export interface TargetOptions { model?: string, provider?: string, options?: Target['provider']['options'] }

export function targetOf (name: PairName, { model = 'test-model', provider = 'scripted', options = {} }: TargetOptions = {}): Target {
  return { model, provider: { name: provider, url: new URL('http://127.0.0.1/v1/chat/completions'), apiKey: 'upstream-secret', models: [model], pair: pairs[name], options } }
}

export interface Encoded { body: ChatRequest, messages: ChatMessage[], headers: Record<string, string>, dropped: string[] }

/** A Messages request as a provider would get it, by way of JSON as over the wire. */
export function encode (name: PairName, request: object, options: TargetOptions = {}): Encoded {
  const whole = { model: 'claude-x', max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }], ...request } as MessagesRequest
  const { body, headers, dropped } = pairs[name].encodeRequest(whole, targetOf(name, options))
  const sent = JSON.parse(JSON.stringify(body)) as ChatRequest
  return { body: sent, messages: sent.messages, headers, dropped }
}

export interface Decoded {
  /** As a client of the stream sees it; the grammar has been checked. */
  reply: Reply
  /** As a client without `stream` sees it; null where that is an error. */
  message: Message | null
  /** The error of the plain reply. */
  error: ApiError | null
}

export interface DecodeOptions extends TargetOptions {
  pair?: PairName
  request?: object
  /** Without an `end` of the provider's stream. */
  open?: boolean
  /** Passed on to the grammar. */
  anyInput?: boolean
}

/** Feeds chunks to a decoder, once for a stream and once for a plain message. */
export function decode (chunks: readonly unknown[], { pair = 'openai', request = {}, open = false, anyInput = false, ...rest }: DecodeOptions = {}): Decoded {
  const encoder = new SseEncoder('msg_1', 'claude-x', 'req_1')
  let text = ''
  const sent = { model: 'claude-x', max_tokens: 1000, messages: [], ...request } as MessagesRequest
  const feed = (writer: MessageWriter, flush: () => void): void => {
    const decoder = pairs[pair].decodeReply(writer, targetOf(pair, rest), sent)
    for (const chunk of chunks) {
      decoder.push(structuredClone(chunk))
      flush()
    }
    if (!open) {
      decoder.end()
      writer.end()
    }
    flush()
  }
  feed(new MessageWriter(encoder), () => { text += encoder.take() })
  const collector = new MessageCollector('msg_1', 'claude-x')
  feed(new MessageWriter(collector), () => {})
  const reply = checkGrammar(text, { cut: open, anyInput })
  try {
    return { reply, message: collector.take(), error: null }
  } catch (error) {
    return { reply, message: null, error: error as ApiError }
  }
}

/** A chunk with one delta. */
export function chunk (delta: object, finish: string | null = null, rest: object = {}): object {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }], ...rest }
}
