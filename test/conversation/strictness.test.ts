import t from 'tap'
import type { JsonObject } from '../../src/wire/json.ts'
import { KINDS, type KindName } from '../helper/kinds/index.ts'
import { KEY, type Kind } from '../helper/kinds/kind.ts'
import { sign } from '../helper/kinds/signature.ts'
import type { Received } from '../helper/upstream.ts'

/** The scripted servers refuse what the real ones refuse: without that, no conversation that they let pass would prove anything. */

/** A request with one loop of two calls, as each kind takes it. */
const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }]
const chatCall = (id: string): JsonObject => ({ id, type: 'function', function: { name: 'look', arguments: '{}' } })
const chat = (assistant: JsonObject = {}, rest: JsonObject = {}): JsonObject => ({
  max_tokens: 1000,
  stream: false,
  tools,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Look.' },
    { role: 'assistant', content: null, tool_calls: [chatCall('a'), chatCall('b')], ...assistant },
    { role: 'tool', tool_call_id: 'a', content: 'one' },
    { role: 'tool', tool_call_id: 'b', content: 'two' },
    { role: 'user', content: 'And?' }
  ],
  ...rest
})
const claude = (first: JsonObject = { type: 'thinking', thinking: 'Hm.', signature: sign('anthropic', 'Hm.', 'Hm.') }, rest: JsonObject = {}): JsonObject => ({
  max_tokens: 4000,
  thinking: { type: 'enabled', budget_tokens: 2000 },
  messages: [
    { role: 'user', content: 'Look.' },
    { role: 'assistant', content: [first, { type: 'tool_use', id: 'a', name: 'look', input: {} }, { type: 'tool_use', id: 'b', name: 'look', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'b', content: 'two' }, { type: 'tool_result', tool_use_id: 'a', content: 'one' }] }
  ],
  ...rest
})
const google = (signature: string | undefined = sign('gemini', 'Hm.', 'look {"at":1}'), rest: JsonObject = {}): JsonObject => ({
  contents: [
    { role: 'user', parts: [{ text: 'Look.' }] },
    { role: 'model', parts: [{ functionCall: { id: 'a', name: 'look', args: { at: 1 } }, ...(signature !== '' && { thoughtSignature: signature }) }, { functionCall: { id: 'b', name: 'glance', args: {} } }] },
    { role: 'user', parts: [{ functionResponse: { id: 'a', name: 'look', response: { output: 'one' } } }, { functionResponse: { id: 'b', name: 'glance', response: { error: 'two' } } }] }
  ],
  ...rest
})
const declared = (schema: JsonObject): JsonObject => ({ tools: [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: schema }] }] })

/** A body with another value at a path. */
function changed (body: JsonObject, path: string, value: unknown): JsonObject {
  const copy = structuredClone(body)
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  const parent = keys.reduce((object: JsonObject, key) => object[key] as JsonObject, copy)
  if (value === undefined) delete parent[last]
  else parent[last] = value as JsonObject
  return copy
}

const CHAT_DOOR = { path: '/v1/chat/completions', headers: { authorization: `Bearer ${KEY}` } }
const GEMINI_PATH = `/v1beta/models/${KINDS.gemini.model}:generateContent`
const DOORS: Record<KindName, { path: string, headers: Record<string, string> }> = {
  openai: CHAT_DOOR,
  openrouter: CHAT_DOOR,
  vllm: CHAT_DOOR,
  deepseek: CHAT_DOOR,
  gemini: { path: GEMINI_PATH, headers: { 'x-goog-api-key': KEY } },
  anthropic: { path: '/v1/messages', headers: { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' } }
}

function judge (kind: Kind, body: JsonObject, door: { path?: string, headers?: Record<string, string> } = {}): string[] {
  const whole = kind.name === 'gemini' ? body : { model: kind.model, ...body }
  return kind.judge({ method: 'POST', raw: Buffer.from(''), aborted: false, ...DOORS[kind.name], ...door, body: whole as unknown as Received['body'] })
}

const LEGAL: Record<KindName, JsonObject[]> = {
  openai: [chat()],
  openrouter: [chat(), chat({ reasoning_details: [{ type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0, text: 'Hm.', signature: sign('openrouter', 'Hm.', 'Hm.') }] })],
  vllm: [chat({ reasoning: 'Hm.' })],
  deepseek: [chat({ reasoning_content: 'Hm.' }), chat({ reasoning_content: '' }), chat({}, { thinking: { type: 'disabled' }, tool_choice: 'required' })],
  gemini: [google(), google('skip_thought_signature_validator'), google(Buffer.from('skip_thought_signature_validator').toString('base64')), google(undefined, declared({ type: 'object', properties: { const: { type: 'string' } }, additionalProperties: false }))],
  anthropic: [claude()]
}

const ILLEGAL: [name: string, kind: KindName, body: JsonObject, words: RegExp][] = [
  ['reasoning that was left out', 'deepseek', chat(), /^The reasoning_content in the thinking mode must be passed back to the API\.$/],
  ['a forced call while thinking', 'deepseek', chat({ reasoning_content: '' }, { tool_choice: 'required' }), /^Thinking mode does not support this tool_choice$/],
  ['a call by name while thinking', 'deepseek', chat({ reasoning_content: '' }, { tool_choice: { type: 'function', function: { name: 'look' } } }), /does not support this tool_choice/],
  ['parts in a tool message', 'deepseek', changed(chat({ reasoning_content: '' }), 'messages.3.content', [{ type: 'text', text: 'one' }]), /must be a string/],
  ['a field of another provider\'s', 'deepseek', chat({ reasoning_content: '' }, { top_k: 5 }), /unknown field top_k/],
  ['results in another order', 'vllm', changed(changed(chat(), 'messages.3.tool_call_id', 'b'), 'messages.4.tool_call_id', 'a'), /a result of b, where a is due/],
  ['a call without its result', 'vllm', changed(chat(), 'messages.2.tool_calls', [chatCall('a'), chatCall('b'), chatCall('c')]), /the calls c have no result/],
  ['more than the model can hold', 'vllm', chat({}, { max_tokens: 64_000 }), /maximum context length is 60000/],
  ['a role that no template knows', 'vllm', changed(chat(), 'messages.0.role', 'developer'), /unknown role/],
  ['reasoning that was changed', 'openrouter', chat({ reasoning_details: [{ type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0, text: 'Hmm.', signature: sign('openrouter', 'Hm.', 'Hm.') }] }), /Invalid signature/],
  ['reasoning of another\'s', 'openrouter', chat({ reasoning_details: [{ type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0, text: 'Hm.', signature: sign('anthropic', 'Hm.', 'Hm.') }] }), /Invalid signature/],
  ['a call without a signature', 'gemini', google(''), /Function call is missing a thought_signature in functionCall parts/],
  ['a signature of another\'s', 'gemini', google(sign('openrouter', 'Hm.', 'look {"at":1}')), /Corrupted thought signature/],
  ['a signature in another part', 'gemini', google(sign('gemini', 'Hm.', 'look {"at":2}')), /Corrupted thought signature/],
  ['a cut signature', 'gemini', google(sign('gemini', 'Hm.', 'look {"at":1}').slice(0, -9)), /Corrupted thought signature/],
  ['a keyword that it does not know', 'gemini', google(undefined, declared({ type: 'object', properties: { at: { type: 'array', items: { type: 'integer', exclusiveMinimum: 0 } } } })), /Unknown name "exclusiveMinimum"/],
  ['the dialect of a schema', 'gemini', google(undefined, declared({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' })), /Unknown name "\$schema"/],
  ['results in another order', 'gemini', changed(google(), 'contents.2.parts', [{ functionResponse: { id: 'b', name: 'glance', response: { output: 'two' } } }, { functionResponse: { id: 'a', name: 'look', response: { output: 'one' } } }]), /where look a, glance b are due/],
  ['a result too few', 'gemini', changed(google(), 'contents.2.parts', [{ functionResponse: { id: 'a', name: 'look', response: { output: 'one' } } }]), /number of function response parts is equal/],
  ['a word before the results', 'gemini', changed(google(), 'contents.2.parts', [{ text: 'See:' }, { functionResponse: { id: 'a', name: 'look', response: { output: 'one' } } }, { functionResponse: { id: 'b', name: 'glance', response: { output: 'two' } } }]), /something stands before/],
  ['a content without parts', 'gemini', changed(google(), 'contents.0.parts', []), /must not be empty/],
  ['an empty text', 'gemini', changed(google(), 'contents.0.parts.0.text', ''), /empty text/],
  ['a role of another wire', 'gemini', changed(google(), 'contents.1.role', 'assistant'), /roles/],
  ['both ways of thinking', 'gemini', google(undefined, { generationConfig: { thinkingConfig: { thinkingBudget: 5, thinkingLevel: 'LOW' } } }), /only one of/],
  ['thinking that nobody signed', 'anthropic', claude({ type: 'thinking', thinking: 'Hm.', signature: '' }), /^messages\.1\.content\.0: Invalid `signature` in `thinking` block$/],
  ['thinking of another\'s', 'anthropic', claude({ type: 'thinking', thinking: 'Hm.', signature: 'sy1.eyJmYW1pbHkiOiJ2bGxtIn0' }), /Invalid `signature`/],
  ['thinking that was changed', 'anthropic', claude({ type: 'thinking', thinking: 'Hmm.', signature: sign('anthropic', 'Hm.', 'Hm.') }), /Invalid `signature`/],
  ['a loop that does not begin with its thinking', 'anthropic', claude({ type: 'text', text: 'Hm.' }), /Expected `thinking` or `redacted_thinking`, but found `text`/],
  ['a call without its result', 'anthropic', changed(claude(), 'messages.2.content', [{ type: 'tool_result', tool_use_id: 'a', content: 'one' }]), /without `tool_result` blocks immediately after: b/],
  ['a result without its call', 'anthropic', changed(claude(), 'messages.2.content.2', { type: 'tool_result', tool_use_id: 'c', content: 'three' }), /unexpected `tool_use_id`/],
  ['a field without its beta', 'anthropic', claude(undefined, { context_management: { edits: [] } }), /^context_management: Extra inputs are not permitted$/],
  ['a message of nothing', 'anthropic', changed(claude(), 'messages.1.content', []), /must have non-empty content/]
]

for (const kind of Object.values(KINDS)) {
  t.test(`${kind.name} takes what is right`, async t => {
    for (const body of LEGAL[kind.name]) t.strictSame(judge(kind, body), [])
  })
}

for (const [name, kind, body, words] of ILLEGAL) {
  t.test(`${kind} refuses ${name}`, async t => {
    t.match(judge(KINDS[kind], body), [words])
  })
}

t.test('the wrong door', async t => {
  t.match(judge(KINDS.gemini, google(), { path: `${GEMINI_PATH}?key=${KEY}` }), [/no such path/])
  t.match(judge(KINDS.gemini, google(), { headers: { authorization: `Bearer ${KEY}` } }), [/API key not valid/])
  t.match(judge(KINDS.anthropic, claude(), { headers: { 'x-api-key': KEY } }), [/anthropic-version/])
  t.match(judge(KINDS.anthropic, claude(), { headers: { authorization: 'Bearer client', 'x-api-key': KEY, 'anthropic-version': '2023-06-01' } }), [/x-api-key/])
  t.match(judge(KINDS.anthropic, { model: 'anthropic,claude-sonnet-5', ...claude() }), [/^model/])
})
