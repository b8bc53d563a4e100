import { buildApp } from '../../src/app.ts'
import { resolveCapabilities } from '../../src/config/resolve-capabilities.ts'
import type { ApiError } from '../../src/errors.ts'
import { MessageCollector } from '../../src/message/collector.ts'
import { ReasoningMemory } from '../../src/message/reasoning-memory.ts'
import { SseEncoder } from '../../src/message/sse-encoder.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import { askedOf } from '../../src/routes/messages/asked.ts'
import type { Target, TransformerPair, UpstreamRequest } from '../../src/provider.ts'
import type { Message, MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatMessage, ChatRequest } from '../../src/wire/openai-chat.ts'
import { type Reply, checkGrammar } from './grammar.ts'

/** A pair as its provider plugin registers it, by name. */
export type PairName = string

const app = buildApp({ env: {} })
await app.ready()
const { transformers } = app
await app.close()

export function pairNamed (name: PairName): TransformerPair {
  const pair = transformers.pair(name)
  if (pair === undefined) throw new Error(`there is no pair ${name}`)
  return pair
}

export interface TargetOptions { model?: string, provider?: string, options?: Target['provider']['options'], rest?: Partial<Target['provider']> }

/** A target of a pair; `rest` replaces parts of its provider. */
export function targetOf (name: PairName, { model = 'test-model', provider = 'scripted', options = {}, rest = {} }: TargetOptions = {}): Target {
  const pair = pairNamed(name)
  const base = new URL('http://127.0.0.1/v1')
  const whole: Target['provider'] = {
    name: provider,
    url: pair.endpoint?.(base) ?? base,
    apiKey: 'upstream-secret',
    apiKeys: ['upstream-secret'],
    concurrency: { limit: Infinity, maxWaiting: 0, maxWait: 0 },
    models: [model],
    pair,
    options,
    adapters: [],
    strict: false,
    facts: { contextWindows: new Map() },
    memory: new ReasoningMemory(),
    ...rest
  }
  return { model, name: `${provider},${model}`, capabilities: resolveCapabilities(model, {}, whole.facts), provider: whole }
}

export interface Encoded { body: ChatRequest, messages: ChatMessage[], headers: Record<string, string>, dropped: string[], url: URL, answer: UpstreamRequest['answer'] }

/** A Messages request as a provider would get it, by way of JSON as over the wire. */
export function encode (name: PairName, request: object, options: TargetOptions = {}): Encoded {
  const whole = { model: 'claude-x', max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }], ...request } as MessagesRequest
  const { body, headers, dropped, url, answer } = pairNamed(name).encodeRequest(whole, targetOf(name, options), { headers: {}, search: '' })
  const sent = JSON.parse(JSON.stringify(body)) as ChatRequest
  return { body: sent, messages: sent.messages, headers, dropped, url, answer }
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
  const asked = askedOf({ model: 'claude-x', max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }], ...request } as MessagesRequest)
  const feed = (writer: MessageWriter, flush: () => void): void => {
    const decoder = pairNamed(pair).decodeReply(writer, targetOf(pair, rest), asked)
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
