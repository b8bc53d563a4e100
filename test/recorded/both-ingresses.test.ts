import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import t from 'tap'
import type { PairName } from '../helper/pairs.ts'
import { type Recording, cuts, missing, recordingsOf } from '../helper/recordings.ts'
import { playing } from '../helper/replay.ts'
import { openStage } from '../helper/stage.ts'

/** Recorded answers of providers mean the same to clients of either API, each read by its official SDK. */

const skip = missing
const PROVIDERS: Record<string, PairName> = { openrouter: 'openrouter', 'openai-compatible': 'openai', vllm: 'vllm', deepseek: 'deepseek', gemini: 'gemini', anthropic: 'anthropic' }
const all = Object.keys(PROVIDERS).flatMap(recordingsOf)

/** OpenAI's reason for each of Anthropic's. */
const REASONS: Record<string, string> = { end_turn: 'stop', stop_sequence: 'stop', pause_turn: 'stop', tool_use: 'tool_calls', max_tokens: 'length', model_context_window_exceeded: 'length', refusal: 'content_filter' }
/** Where what passes to clients of OpenAI's API is read better for those of Anthropic's. */
const AS_IT_CAME: Record<string, Partial<Said>> = {
  // xAI counts reasoning beside `completion_tokens`.
  'openai-compatible/xai-tool-call-stream': { output: 26 }
}

/** Nobody but Anthropic's clients knows its status for an overload. */
const STATUSES: Record<number, number> = { 529: 503 }

const { url, scene } = await openStage(t, Object.values(PROVIDERS))
const anthropic = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })

/** What an answer says, in the words of OpenAI's API. */
interface Said { text: string, calls: { name: string, input: unknown }[], finish: string | null | undefined, prompt: number | undefined, output: number | undefined }
interface Failure { failed: true, status: number | undefined, message: string }

function modelOf (recording: Recording): string {
  const [provider = ''] = recording.name.split('/')
  return scene(playing(recording, cuts.seeded(recording.body.length)(recording.body)), PROVIDERS[provider]).model
}

async function byMessages (recording: Recording): Promise<Said> {
  const request = { model: modelOf(recording), max_tokens: 1000, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const { content, stop_reason: reason, stop_details: details, usage } = await (recording.stream ? anthropic.messages.stream(request).finalMessage() : anthropic.messages.create(request))
  return {
    text: content.map(block => block.type === 'text' ? block.text : '').join(''),
    calls: content.flatMap(block => block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : []),
    // A refusal that says why is an answer to clients of OpenAI's API.
    finish: details?.explanation && recording.name.startsWith('anthropic/') ? 'stop' : REASONS[reason ?? ''],
    prompt: usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
    output: usage.output_tokens
  }
}

async function byChatCompletions (recording: Recording): Promise<Said> {
  const request = { model: modelOf(recording), max_tokens: 1000, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const { choices: [choice], usage } = await (recording.stream ? openai.chat.completions.stream({ ...request, stream_options: { include_usage: true } }).finalChatCompletion() : openai.chat.completions.create(request))
  return {
    text: choice?.message.content ?? '',
    calls: (choice?.message.tool_calls ?? []).flatMap(call => call.type === 'function' ? [{ name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }] : []),
    finish: choice?.finish_reason,
    prompt: usage?.prompt_tokens,
    output: usage?.completion_tokens
  }
}

/** An error's own words: the SDKs put the status, and Anthropic's the whole body, before them. */
async function failureOf (answer: Promise<Said>): Promise<Said | Failure> {
  try {
    return await answer
  } catch (thrown) {
    const { status, error, message } = thrown as { status?: number, error?: { message?: string, error?: { message: string } }, message: string }
    return { failed: true, status: STATUSES[status ?? 0] ?? status, message: error?.error?.message ?? error?.message ?? message }
  }
}

t.test('every recorded answer, the same through both', { skip }, async t => {
  t.ok(all.length > 40)
  for (const recording of all) {
    await t.test(recording.name, async t => {
      const expected = await failureOf(byMessages(recording))
      const said = await failureOf(byChatCompletions(recording))
      const other = AS_IT_CAME[recording.name]
      if (other !== undefined) t.strictSame(said, { ...expected, ...other })
      else if ('failed' in expected) {
        t.match(said, { failed: true, status: expected.status })
        t.ok(recording.body.includes((said as Failure).message) || expected.message === (said as Failure).message, 'in the provider\'s words')
      } else t.strictSame(said, expected)
    })
  }
})
