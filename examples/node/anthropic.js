// The official SDK: npm install @anthropic-ai/sdk
import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic({
  // Without /v1.
  baseURL: process.env.GATEWAY ?? 'http://127.0.0.1:3456',
  apiKey: process.env.GATEWAY_KEY ?? 'any',
  // What the account calls this conversation.
  defaultHeaders: { 'x-session-id': 'example-node-anthropic' }
})

// A model that the gateway knows, or a name that its rules serve.
const model = process.env.MODEL ?? 'claude-sonnet-4-5'

const stream = client.messages.stream({ model, max_tokens: 200, messages: [{ role: 'user', content: 'Hello' }] })
stream.on('text', text => process.stdout.write(text))
const { usage, stop_reason: reason } = await stream.finalMessage()
console.log(`\n${reason}: ${usage.input_tokens} tokens in, ${usage.output_tokens} out`)

const { input_tokens: tokens } = await client.messages.countTokens({ model, messages: [{ role: 'user', content: 'Hello' }] })
console.log(`a bare hello: ${tokens} tokens`)
