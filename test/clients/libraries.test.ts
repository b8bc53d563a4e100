import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PNG } from '../claude-code/media.ts'
import { CITY } from '../compatibility/cases.ts'
import type { KindName } from '../helper/kinds/index.ts'
import { notInstalled } from './installed.ts'
import { type ClientStage, KEY, SAID, SERVERS, openClientStage } from './stage.ts'

/** Libraries as their users write with them, each with a server of every wire. */

interface Told { text: string, tokens: [number, number] }

/** A user's program. */
interface Program {
  text (prompt: string): Promise<Told>
  stream (prompt: string): Promise<Told>
  tools (prompt: string, tool: object): Promise<string>
  image (prompt: string, png: string): Promise<string>
  /** Older clients of Anthropic's API know of none. */
  structured? (prompt: string, schema: object): Promise<unknown[]>
}

interface Entry { api: 'anthropic' | 'openai', make (options: { url: string, key: string, model: string }): Promise<Program> }

/** How each shows an error: its class, and where it has the status. */
const ERRORS: Record<string, object> = {
  anthropic: { name: 'RateLimitError', status: 429 },
  openai: { name: 'RateLimitError', status: 429 },
  ai: { name: 'APICallError', statusCode: 429 },
  langchain: { status: 429 }
}

const WEATHER = { name: 'weather', description: 'The weather of a city.', schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }

async function failureOf (answer: Promise<unknown>): Promise<object> {
  try {
    return { answer: await answer }
  } catch (thrown) {
    const { constructor: { name }, status, statusCode, message } = thrown as Error & { status?: number, statusCode?: number }
    return { name, status, statusCode, message }
  }
}

function errorOf (name: string): object {
  if (name.startsWith('@langchain')) return ERRORS['langchain'] ?? {}
  return ERRORS[name.startsWith('ai,') ? 'ai' : name.startsWith('openai') ? 'openai' : 'anthropic'] ?? {}
}

/**
 * These take the prompt's tokens from the beginning of a stream alone, where OpenAI's wire has told none yet; and LangChain adds what
 * the beginning says of the answer to what the end says, which is all of it.
 */
function streamedTokens (name: string, server: KindName): number[] {
  const input = /^@anthropic-ai\/sdk 0|^@langchain\/anthropic/.test(name) && server === 'openai' ? 0 : 10
  return [input, name === '@langchain/anthropic' && server !== 'openai' ? 10 : 5]
}

async function check (t: Test, name: string, program: Program, server: KindName, { asks }: ClientStage): Promise<void> {
  asks.length = 0
  t.strictSame(await program.text('greet me'), { text: SAID.hello, tokens: [10, 5] }, 'text')
  t.strictSame(await program.stream('greet me'), { text: SAID.hello, tokens: streamedTokens(name, server) }, 'a stream')
  t.strictSame(asks.map(({ kind, request }) => kind.streams(request)), [false, true])

  const inputs: unknown[] = []
  const run = (input: unknown): string => {
    inputs.push(input)
    return '20'
  }
  t.equal(await program.tools('How is the weather?', { ...WEATHER, run }), SAID.warm, 'tools')
  t.strictSame(inputs, [{ city: 'Bern' }])
  t.match(asks.at(-1)?.said.at(-1), { role: 'user', results: [{ id: 'call_a', text: '20' }] })

  t.equal(await program.image('Which colour is it?', PNG.toString('base64')), SAID.red, 'an image')
  t.strictSame(asks.at(-1)?.said.at(-1)?.media, [PNG.toString('base64')])

  if (program.structured !== undefined) for (const value of await program.structured('describe Bern', CITY)) t.strictSame(value, SAID.city, 'structured output')
}

t.test('libraries', { skip: notInstalled }, async t => {
  const { PROGRAMS } = await import(join(import.meta.dirname, 'programs', 'index.js')) as { PROGRAMS: Record<string, Entry> }
  const stage = await openClientStage(t, Object.keys(PROGRAMS).length * 2)
  for (const [name, { make }] of Object.entries(PROGRAMS)) {
    for (const server of SERVERS) {
      await t.test(`${name}, ${server}`, async t => {
        const options = { url: stage.url, key: KEY, model: stage.modelOf(server) }
        await check(t, name, await make(options), server, stage)
        const failure = await failureOf((await make({ ...options, model: stage.modelOf(server) })).text('fail'))
        t.match(failure, { ...errorOf(name), message: /Slow down, please/ }, 'an error')
        t.match(await failureOf((await make({ ...options, key: 'wrong' })).text('greet me')), { message: /key/i }, 'a wrong key')
      })
    }
  }
})
