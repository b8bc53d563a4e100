// A Worker that translates: a Messages request to a chat-completions server or to Gemini, its reply back. One target, no keys, no
// limits, no account: what the core of Switchyard is without the service around it. Its imports are those of dist/.
import { GeminiDecoder } from './providers/gemini/decode-reply.js'
import { encodeGeminiRequest } from './providers/gemini/encode-request.js'
import { geminiBase } from './providers/gemini/endpoint.js'
import { chatPair } from './providers/openai-compatible/pair.js'
import { newMessageId } from './src/message/ids.js'
import { ReasoningMemory } from './src/message/reasoning-memory.js'
import { SseEncoder } from './src/message/sse-encoder.js'
import { MessageWriter } from './src/message/writer.js'
import { askedOf } from './src/routes/messages/asked.js'
import { pump } from './src/upstream/pump.js'

const PAIRS = {
  openai: chatPair({
    name: 'openai',
    column: 'openai',
    cacheControl: false,
    mediaInToolResults: false,
    files: 'data',
    maxStops: 4,
    jsonSchema: true,
    family: () => 'openai',
    headers: ({ provider }) => ({ authorization: `Bearer ${provider.apiKey}` }),
    parameters (body, request) { body.max_tokens = request.max_tokens }
  }),
  gemini: {
    name: 'gemini',
    wire: 'gemini',
    endpoint: geminiBase,
    encodeRequest: encodeGeminiRequest,
    decodeReply: (writer, target, asked) => new GeminiDecoder(writer, target, asked)
  }
}

function targetOf (kind, base) {
  const pair = PAIRS[kind]
  const provider = { name: kind, url: pair.endpoint(new URL(base)), apiKey: 'upstream-secret', apiKeys: ['upstream-secret'], models: ['test-model'], pair, options: {}, adapters: [], strict: false, facts: { contextWindows: new Map() }, memory: new ReasoningMemory() }
  return { provider, model: 'test-model', name: `${kind},test-model`, capabilities: {} }
}

// What the loop of a reply reads from, over a body of fetch.
function callOf (body) {
  const reader = body.getReader()
  return {
    async read () {
      const { done, value } = await reader.read()
      return done ? null : Buffer.from(value)
    },
    abort: error => { reader.cancel(error).catch(() => {}) },
    release: () => { reader.cancel().catch(() => {}) },
    expectEnd () {}
  }
}

export default {
  async fetch (request, { UPSTREAM }, context) {
    const kind = new URL(request.url).pathname.split('/')[1]
    const asked = await request.json()
    const target = targetOf(kind, UPSTREAM)
    const { pair } = target.provider
    const { url, headers, body } = pair.encodeRequest(asked, target, { headers: {}, search: '' })
    const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })

    const encoder = new SseEncoder(newMessageId(), asked.model, 'req_worker')
    const writer = new MessageWriter(encoder)
    const { readable, writable } = new TransformStream()
    const out = writable.getWriter()
    const flush = async () => {
      const text = encoder.take()
      if (text !== '') await out.write(new TextEncoder().encode(text))
    }
    const translated = pump(callOf(reply.body), pair.decodeReply(writer, target, askedOf(asked)), writer, kind, flush)
    context.waitUntil(translated.then(flush).then(() => out.close(), error => out.abort(error)))
    return new Response(readable, { headers: { 'content-type': 'text/event-stream' } })
  }
}
