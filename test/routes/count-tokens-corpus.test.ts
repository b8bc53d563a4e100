import { readFileSync, readdirSync } from 'node:fs'
import { countTokens as byCl100k } from 'gpt-tokenizer/encoding/cl100k_base'
import { countTokens as byO200k } from 'gpt-tokenizer/encoding/o200k_base'
import t from 'tap'
import { startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { type Received, json, startUpstream } from '../helper/upstream.ts'

/** How exact `count_tokens` is where the provider has no counter: estimates, with what was learned from its answers. */

const corpus = new URL('../fixtures/tokens/', import.meta.url)
/** Texts by their class. */
const CLASSES = new Map(readdirSync(corpus).map(name => [name, readdirSync(new URL(`${name}/`, corpus)).map(file => readFileSync(new URL(`${name}/${file}`, corpus), 'utf8'))]))
const LIMIT = 0.05

type Message = { role: 'user' | 'assistant', content: string }
const asMessages = (texts: readonly string[]): Message[] => texts.flatMap((content, i) => [{ role: i % 2 === 0 ? 'user' : 'assistant', content }] as const)

const TOKENIZERS: Record<string, (text: string) => number> = { o200k: byO200k, cl100k: byCl100k }

/** What OpenAI counts for a prompt: its texts, three tokens around each message, and three for the answer's beginning. */
function promptTokens (tokenizer: string, messages: readonly { content?: unknown }[]): number {
  return messages.reduce((sum, { content }) => sum + (TOKENIZERS[tokenizer] as typeof byO200k)(String(content)) + 3, 3)
}

// A model per class, for each tokenizer, and one that is asked for all of them.
const models = Object.keys(TOKENIZERS).flatMap(tokenizer => [...CLASSES.keys(), 'all'].map(name => `${tokenizer}-${name}`))
const upstream = await startUpstream(t, (response, { method, body: { messages, model } }: Received) => {
  if (method === 'GET') return json(response, {}, 404)
  const prompt = promptTokens(String(model).split('-')[0] ?? '', messages)
  json(response, { choices: [{ index: 0, message: { role: 'assistant', content: 'Read.' }, finish_reason: 'stop' }], usage: { prompt_tokens: prompt, completion_tokens: 2, total_tokens: prompt + 2 } })
})
const { url } = await startApp(t, { config: { Providers: [{ name: 'p', api_base_url: `${upstream.url}/v1`, api_key: 'upstream-secret', models, transformer: { use: ['openai'] } }], Router: { default: 'p,o200k-all' } } })

async function errorOf (model: string, messages: readonly Message[]): Promise<number> {
  const response = await fetch(`${url}/v1/messages/count_tokens`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: `p,${model}`, messages }) })
  const { input_tokens: tokens } = await response.json() as { input_tokens: number }
  return tokens / promptTokens(model.split('-')[0] ?? '', messages) - 1
}

async function learnFrom (model: string, texts: readonly string[]): Promise<void> {
  t.equal((await ask(url, { model: `p,${model}`, messages: asMessages(texts) })).status, 200)
}

const shown = (error: number): string => `${(error * 100).toFixed(1)} %`

t.test('the whole corpus is within 5 % before anything was learned', async t => {
  const error = await errorOf('o200k-all', asMessages([...CLASSES.values()].flat()))
  t.ok(Math.abs(error) < LIMIT, shown(error))
})

t.test('after one answer each class of text is within 5 %, from texts of all classes', async t => {
  await learnFrom('o200k-all', [...CLASSES.values()].flatMap(texts => texts.slice(0, 3)))
  for (const [name, texts] of CLASSES) {
    // Those that nothing was learned from.
    const error = await errorOf('o200k-all', asMessages(texts.slice(3)))
    t.ok(Math.abs(error) < LIMIT, `${name}: ${shown(error)}`)
  }
})

t.test('after one answer about its kind of text so is a model that counts quite otherwise', async t => {
  for (const [name, texts] of CLASSES) {
    const model = `cl100k-${name}`
    const half = Math.ceil(texts.length / 2)
    const before = await errorOf(model, asMessages(texts))
    await learnFrom(model, texts.slice(0, half))
    const error = await errorOf(model, asMessages(texts.slice(half)))
    t.ok(Math.abs(error) < LIMIT, `${name}: ${shown(error)}, and all of it ${shown(before)} before`)
  }
})

t.test('the next turn of a conversation is what the last was, and a little more', async t => {
  const texts = [...CLASSES.values()].flat()
  await learnFrom('cl100k-all', texts.slice(0, -1))
  const error = await errorOf('cl100k-all', asMessages(texts))
  t.ok(Math.abs(error) < 0.02, shown(error))
})
