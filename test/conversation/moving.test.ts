import Anthropic from '@anthropic-ai/sdk'
import t, { type Test } from 'tap'
import { startApp } from '../helper/app.ts'
import { KINDS, type KindName } from '../helper/kinds/index.ts'
import type { Call } from '../helper/kinds/kind.ts'
import { type Ask, type ScriptedKind, send, startKind } from '../helper/kinds/server.ts'
import { read } from '../helper/kinds/signature.ts'

/** One conversation that goes from provider to provider in mid-flight, with thinking and parallel calls in every turn. */

const ROUTES: Record<string, KindName[]> = {
  'eight turns, a new provider for each': ['gemini', 'deepseek', 'openrouter', 'anthropic', 'vllm', 'gemini', 'anthropic', 'deepseek'],
  'some stay for two turns, and all are visited again': ['vllm', 'vllm', 'openrouter', 'anthropic', 'anthropic', 'deepseek', 'deepseek', 'gemini', 'gemini', 'openrouter', 'vllm', 'anthropic', 'deepseek', 'gemini']
}

/** Turns of the longer route in which the answer is in words alone, so that no id of a call leads back to its reasoning. */
const inWords = (n: number, route: readonly KindName[]): boolean => route.length > 8 && n % 3 === 2

const THINKING: Record<string, Anthropic.ThinkingConfigParam> = { adaptive: { type: 'adaptive' }, 'with a budget': { type: 'enabled', budget_tokens: 2000 } }

const LOOK: Anthropic.Tool = {
  name: 'look',
  description: 'Looks at a thing.',
  input_schema: { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: { at: { type: 'string', minLength: 1 }, times: { type: 'integer', exclusiveMinimum: 0 } }, required: ['at'], additionalProperties: false }
}

/** Ids as each kind gives them: Gemini often none, Kimi's the same ones in every turn and none that the Messages API allows. */
const IDS: Record<KindName, (turn: number, call: number) => string | undefined> = {
  openai: (turn, call) => `call_${turn}${call}`,
  openrouter: (turn, call) => `tool_${call}_look_${turn}`,
  vllm: (_turn, call) => `functions.look:${call}`,
  deepseek: (turn, call) => `call_0${call}_turn${turn}`,
  gemini: () => undefined,
  anthropic: (turn, call) => `toolu_01turn${turn}call${call}`
}

interface Turn {
  kind: KindName
  /** What it was asked, as it arrived. */
  ask: Ask
  /** What it answered. */
  thought: string | undefined
  text: string
  calls: Call[]
}

interface Traveller { streams: boolean, keepsThinking: boolean, thinking: Anthropic.ThinkingConfigParam }

/** Servers of all kinds, and the gateway before them; each answers with a thought, a text and mostly two calls of the turn that it is in. */
async function world (t: Test, route: readonly KindName[]): Promise<{ url: string, turns: Turn[] }> {
  const turns: Turn[] = []
  const servers: ScriptedKind[] = []
  for (const kind of Object.values(KINDS).filter(kind => kind.name !== 'openai')) {
    servers.push(await startKind(t, kind, ask => {
      const n = turns.length
      const calls = (inWords(n, route) ? [] : [0, 1]).map((call): Call => {
        const id = IDS[kind.name](n, call)
        return { ...(id !== undefined && { id }), name: 'look', input: { at: `thing ${call} of turn ${n}`, times: 1 } }
      })
      const turn = { kind: kind.name, ask, thought: kind.thinks(ask.request) ? `What ${kind.name} thinks in turn ${n}.` : undefined, text: `What ${kind.name} says in turn ${n}.`, calls }
      turns.push(turn)
      return send(ask, [...(turn.thought === undefined ? [] : [{ think: turn.thought }]), { say: turn.text }, ...calls.map(call => ({ call }))])
    }))
  }
  const config = { Providers: servers.map(({ kind, entry }) => entry(kind.name)), Router: { default: `openrouter,${KINDS.openrouter.model}` } }
  const { app, url } = await startApp(t, { config })
  t.teardown(() => app.server.closeAllConnections())
  return { url, turns }
}

/** Goes along a route: each turn's results go to the next provider, in the order in which they happened to come, and with a word of the user's. */
async function travel (url: string, route: readonly KindName[], { streams, keepsThinking, thinking }: Traveller): Promise<void> {
  const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Let us begin.' }]
  for (const [i, kind] of route.entries()) {
    const body = { model: `${kind},${KINDS[kind].model}`, max_tokens: 20_000, thinking, tools: [LOOK], messages }
    const { content } = streams ? await client.messages.stream(body).finalMessage() : await client.messages.create(body)
    messages.push({ role: 'assistant', content: keepsThinking ? content : content.filter(block => block.type !== 'thinking' && block.type !== 'redacted_thinking') })
    const calls = content.filter(block => block.type === 'tool_use')
    messages.push({ role: 'user', content: [...calls.reverse().map(({ id, input }) => ({ type: 'tool_result' as const, tool_use_id: id, content: `Seen: ${JSON.stringify(input)}` })), { type: 'text', text: `On to turn ${i + 1}.` }] })
  }
}

/** Whoever's signatures there are in a body. */
function signers (value: unknown): KindName[] {
  if (typeof value === 'string') {
    const seal = read(value)
    return seal === undefined ? [] : [seal.kind]
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(signers) : []
}

/** What a provider was sent: the whole conversation, of the reasoning its own alone, and nothing that only the gateway reads. */
function checkAsk (t: Test, { kind, ask }: Turn, before: readonly Turn[], keepsThinking: boolean): void {
  const answers = ask.said.filter(({ role }) => role === 'assistant')
  t.strictSame(answers.map(({ text }) => text), before.map(({ text }) => text), 'what was said')
  t.strictSame(answers.map(({ calls }) => calls.map(({ name, input }) => ({ name, input }))), before.map(({ calls }) => calls.map(({ name, input }) => ({ name, input }))), 'what was called')
  const results = before.map(({ calls }) => calls.map(({ input }) => `Seen: ${JSON.stringify(input)}`))
  // Anthropic's own wire goes through as the client wrote it. For the others results are put into order, and the gateway remembers.
  t.strictSame(ask.said.filter(({ role }) => role === 'user').slice(1).map(({ results }) => results.map(({ text }) => text)), kind === 'anthropic' ? results.map(some => some.toReversed()) : results, 'what came of it')
  const known = keepsThinking || kind !== 'anthropic'
  const lasting = <Item>(list: Item[]): Item[] => list.filter((_, i) => keepsThinking || before[i]?.calls.length !== 0)
  t.strictSame(lasting(answers.map(({ reasoning }) => reasoning)), lasting(before.map(turn => turn.kind === kind && turn.thought !== undefined && known ? [turn.thought] : [])), 'its own reasoning, where it belongs')
  // An id that a provider gives for a second time cannot stay what it is.
  const first = before.filter((turn, i) => turn.kind === kind && turn.calls.length > 0 && turn.calls.every(({ id }) => id !== undefined && !before.slice(0, i).some(({ calls }) => calls.some(call => call.id === id))))
  t.strictSame(first.map(turn => answers[before.indexOf(turn)]?.calls.map(({ id }) => id)), first.map(({ calls }) => calls.map(({ id }) => id)), 'its own ids')
  const ids = answers.flatMap(({ calls }) => calls.flatMap(({ id }) => id === '' ? [] : [id]))
  t.equal(new Set(ids).size, ids.length, 'no id twice')

  const raw = ask.request.raw.toString()
  t.strictSame(before.filter(turn => turn.kind !== kind && turn.thought !== undefined && raw.includes(turn.thought)), [], 'no reasoning of others')
  t.notOk(raw.includes('sy1.'), 'no envelope')
  t.strictSame(new Set(signers(ask.body)), new Set(signers(ask.body).filter(signer => signer === kind)), 'no signature of others')
}

for (const [name, route] of Object.entries(ROUTES)) {
  t.test(name, async t => {
    const { url, turns } = await world(t, route)
    for (const [form, thinking] of Object.entries(THINKING)) {
      for (const streams of [true, false]) {
        for (const keepsThinking of [true, false]) {
          await t.test(`${streams ? 'streamed' : 'plain'}, thinking ${form}, a client that sends thinking back${keepsThinking ? '' : ': not'}`, async t => {
            turns.length = 0
            await travel(url, route, { streams, keepsThinking, thinking })
            t.strictSame(turns.map(({ kind }) => kind), route)
            for (const [n, turn] of turns.entries()) await t.test(`turn ${n}: ${turn.kind}`, async t => checkAsk(t, turn, turns.slice(0, n), keepsThinking))
          })
        }
      }
    }
  })
}
