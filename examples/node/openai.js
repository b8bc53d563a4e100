// The official SDK: npm install openai
import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: `${process.env.GATEWAY ?? 'http://127.0.0.1:3456'}/v1`,
  apiKey: process.env.GATEWAY_KEY ?? 'any',
  // What the account calls this conversation.
  defaultHeaders: { 'x-session-id': 'example-node-openai' }
})

// A model that the gateway knows, or a name that its rules serve.
const model = process.env.MODEL ?? 'claude-sonnet-4-5'

const stream = await client.chat.completions.create({
  model,
  messages: [{ role: 'user', content: 'Hello' }],
  stream: true,
  stream_options: { include_usage: true }
})
for await (const { choices: [choice], usage } of stream) {
  process.stdout.write(choice?.delta.content ?? '')
  if (choice?.finish_reason) console.log(`\n${choice.finish_reason}`)
  if (usage) console.log(`${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out`)
}
