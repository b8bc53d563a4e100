import type { Column, RequestField } from '../../src/wire/request-fields.ts'
import { type DecodeOptions, type TargetOptions, chunk, decode } from '../helper/pairs.ts'

export type Tested = Exclude<Column, 'anthropic'>

export const MODELS: Record<Tested, string> = { openrouter: 'vendor/model', openai: 'gpt-4.1', vllm: 'test-model', deepseek: 'deepseek-v4', gemini: 'gemini-3.6-flash' }

/** Stands in fields, and nowhere else. */
const CANARY = 'canary-7f3a'

/** One request, and what shows that the field came through, or that it did not. */
export interface Case {
  /** In place of the row's. */
  request?: object
  options?: TargetOptions
  sent?: RegExp
  absent?: RegExp
  /** Named in `x-router-dropped`; then what stands in the field is not sent. */
  lost?: boolean
  /** Refused. */
  status?: number
}

export interface Row {
  request: object
  /** What of it is looked for in the body, or in the URL: the canary, unless something else is told. */
  trace?: RegExp
  /** Its name in `x-router-dropped`, where that is not the row's. */
  name?: string
  /** Requests of a dropped field beside the first. */
  more?: object[]
  /** What proves each of the table's texts. */
  says?: Record<string, Case[] | ((column: Tested) => Case[])>
}

const user = (...content: object[]): object => ({ role: 'user', content })
const assistant = (...content: object[]): object => ({ role: 'assistant', content })
const text = (text: string, rest: object = {}): object => ({ type: 'text', text, ...rest })
const said = (...content: object[]): { messages: object[] } => ({ messages: [user(...content)] })
const replied = (...content: object[]): { messages: object[] } => ({ messages: [user(text('a')), assistant(...content), user(text('b'))] })
const call = (id: string, rest: object = {}): object => ({ type: 'tool_use', id, name: 'Read', input: {}, ...rest })
const result = (id: string, content: unknown, rest: object = {}): object => ({ type: 'tool_result', tool_use_id: id, content, ...rest })
const answered = (...content: object[]): { messages: object[] } => ({ messages: [user(text('a')), assistant(call('t1'), call('t2')), user(...content)] })
const base64 = (type: string, media: string): object => ({ type, source: { type: 'base64', media_type: media, data: 'Q0FOQVJZ' } })
const byUrl = (type: string): object => ({ type, source: { type: 'url', url: `https://media.example/${CANARY}` } })
const PNG = base64('image', 'image/png')
const PDF = base64('document', 'application/pdf')
const DATA = /Q0FOQVJZ/
const MARK = { cache_control: { type: 'ephemeral', ttl: '1h' } }
const MARKED = /"cache_control":\{"type":"ephemeral","ttl":"1h"\}/
const tool = { name: 'Read', description: 'Reads.', input_schema: { type: 'object', properties: { path: { type: 'string' } } } }
const search = (rest: object = {}): object => ({ type: 'web_search_20250305', name: 'web_search', ...rest })
const format = { output_config: { format: { type: 'json_schema', schema: { type: 'object', properties: { [CANARY]: { type: 'string' } } } } } }
const budget = (tokens: number): object => ({ thinking: { type: 'enabled', budget_tokens: tokens } })
const ADAPTIVE = { thinking: { type: 'adaptive' } }
const OFF = { thinking: { type: 'disabled' } }
const forced = { tools: [tool], tool_choice: { type: 'tool', name: 'Read' } }
const low = { output_config: { effort: 'low' } }
const stops = (count: number): object => ({ max_tokens: 5, stop_sequences: Array.from({ length: count }, (_, i) => `stop${i + 1}.`) })

const GPT_5 = { model: 'gpt-5' }
const CLAUDE = { model: 'anthropic/claude-x' }
const OLD = { model: 'gemini-2.5-flash' }
const OLDER = { model: 'gemini-2.0-flash' }
const BETA = { model: MODELS.deepseek, rest: { url: new URL('http://127.0.0.1/beta/chat/completions') } }
const SMALL = { model: MODELS.vllm, rest: { facts: { contextWindows: new Map([[MODELS.vllm, 5000]]) } } }
const always = (mandatory: boolean): TargetOptions => ({ model: 'v/m', rest: { facts: { contextWindows: new Map(), reasoning: new Map([['v/m', { mandatory, budget: false, efforts: undefined }]]) } } })

const EVERY = { sent: new RegExp(CANARY) }
const UNMARKED: Case[] = [{ ...EVERY, absent: /cache_control|ephemeral/ }]
const firstStops = (count: number): Case[] => [{ request: stops(count), sent: new RegExp(`stop${count}\\.`) }, { request: stops(count + 1), sent: new RegExp(`stop${count}\\.`), absent: new RegExp(`stop${count + 1}\\.`), lost: true }]
const MEDIA: Case[] = [{ sent: DATA }, { request: said(byUrl('image')), status: 400 }]
const BEHIND: Case[] = [{ sent: /result-two.*Q0FOQVJZ.*"last words"/ }]

/** What each wire streams for a thought, and for one that cannot be read. */
const THOUGHTS: Record<Tested, { open: object[], closed?: object[] }> = {
  openrouter: {
    open: [chunk({ reasoning_details: [{ type: 'reasoning.text', text: CANARY, signature: 's', index: 0 }] })],
    closed: [chunk({ reasoning_details: [{ type: 'reasoning.encrypted', data: CANARY, index: 0 }] })]
  },
  openai: { open: [chunk({ reasoning_content: CANARY })] },
  vllm: { open: [chunk({ reasoning: CANARY })] },
  deepseek: { open: [chunk({ reasoning_content: CANARY })] },
  gemini: {
    open: [{ candidates: [{ content: { parts: [{ text: CANARY, thought: true, thoughtSignature: 's' }] } }] }],
    closed: [{ candidates: [{ content: { parts: [{ text: '', thoughtSignature: CANARY }] } }] }]
  }
}

/** An answer of one provider's goes back to it, and to each other. */
function moved (kind: 'open' | 'closed'): (column: Tested) => Case[] {
  return column => Object.entries(THOUGHTS).flatMap(([from, { [kind]: chunks }]) => {
    if (chunks === undefined) return []
    const rest = from === 'gemini' ? [{ candidates: [{ content: { parts: [{ functionCall: { name: 'Read', args: {} } }] }, finishReason: 'STOP' }] }] : [chunk({ content: 'x' }), chunk({}, 'stop')]
    const options: DecodeOptions = { pair: from, provider: from, model: MODELS[from as Tested] }
    const content = decode([...chunks, ...rest], options).message?.content ?? []
    const request = { messages: [user(text('a')), { role: 'assistant', content }, user(...content.flatMap(block => block.type === 'tool_use' ? [result(block.id, 'x')] : [text('b')]))] }
    const trace = new RegExp(CANARY)
    return [{ request, options: { provider: column, model: MODELS[column] }, ...(from === column ? { sent: trace } : { absent: trace }) }]
  })
}

const INLINE = { 'as text': [EVERY] }
const BY_ITSELF = { 'cached by itself': UNMARKED }
const FOUND = replied({ type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } }, { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ type: 'web_search_result', url: `https://${CANARY}.example`, title: 'A', encrypted_content: '', page_age: null }] })

export const ROWS: Record<RequestField, Row> = {
  model: { request: { model: 'claude-asked' }, says: { 'the name that the route chose': column => [{ sent: new RegExp(`"model":"${MODELS[column]}"|models/${MODELS[column]}:`), absent: /claude-asked/ }] } },
  max_tokens: {
    request: { max_tokens: 1234 },
    trace: /"max_tokens":1234/,
    says: {
      '`max_completion_tokens` for OpenAI\'s reasoning models': [{ sent: /"max_tokens":1234/ }, { options: GPT_5, sent: /"max_completion_tokens":1234/ }],
      'at most what the context window leaves': [{ sent: /"max_tokens":1234/ }, { request: { max_tokens: 50_000 }, options: SMALL, sent: /"max_tokens":4\d{3}\b/ }],
      'at most 384,000': [{ sent: /"max_tokens":1234/ }, { request: { max_tokens: 500_000 }, sent: /"max_tokens":384000/ }],
      '`maxOutputTokens`, at most 65,536': [{ sent: /"maxOutputTokens":1234/ }, { request: { max_tokens: 100_000 }, sent: /"maxOutputTokens":65536/ }]
    }
  },
  system: { request: { system: [text('x-anthropic-billing-header: cc_version=2;'), text(CANARY)] }, says: { 'without Claude Code\'s attribution line': [{ ...EVERY, absent: /billing/ }] } },
  messages: { request: answered(text('last words'), result('t2', 'result-two'), result('t1', 'result-one')), says: { 'in strict order: each call with its one result': [{ sent: /t1.*t2.*result-one.*result-two.*last words/ }, { request: answered(result('t2', 'result-two')), sent: /t1.*t2.*there is no result.*result-two/ }] } },
  stream: { request: { stream: true }, trace: /"stream":true|:streamGenerateContent/ },
  temperature: { request: { temperature: 0.123 }, trace: /"temperature":0\.123/, says: sampling() },
  top_p: { request: { top_p: 0.123 }, trace: /"top_?p":0\.123/i, says: sampling() },
  top_k: { request: { top_k: 777 }, trace: /777/ },
  stop_sequences: {
    request: stops(20),
    trace: /stop20\./,
    says: { 'the first 4': firstStops(4), 'the first 4; not to OpenAI\'s reasoning models': [...firstStops(4), { options: GPT_5, lost: true, absent: /stop1\./ }], 'the first 16': firstStops(16), 'the first 5': firstStops(5) }
  },
  thinking: {
    request: budget(2000),
    says: {
      '`reasoning`; an effort for models that take no budget; off only where the model can': [{ sent: /"reasoning":\{"max_tokens":2000\}/ }, { options: always(false), sent: /"reasoning":\{"effort":"\w+"\}/ }, { request: OFF, options: always(false), sent: /"reasoning":\{"enabled":false\}/ }, { request: OFF, options: always(true), lost: true, absent: /"reasoning"/ }],
      '`reasoning_effort`, where the model knows it': [{ options: GPT_5, sent: /"reasoning_effort":"low"/ }, { lost: true, absent: /reasoning/ }],
      '`reasoning_effort`, `thinking_token_budget` (lowered with `max_tokens`), `chat_template_kwargs`': [{ sent: /"thinking_token_budget":2000.*"chat_template_kwargs":\{"enable_thinking":true\}/ }, { request: OFF, sent: /"reasoning_effort":"none".*"enable_thinking":false/ }, { request: { max_tokens: 50_000, ...budget(40_000) }, options: SMALL, sent: /"thinking_token_budget":\d{4}\b/ }],
      '`thinking` and `reasoning_effort`; not with a forced `tool_choice`': [{ sent: /"thinking":\{"type":"enabled"\}.*"reasoning_effort":"low"/ }, { request: { ...budget(2000), ...forced }, lost: true, sent: /"thinking":\{"type":"disabled"\}/, absent: /reasoning_effort/ }],
      '`thinkingConfig`, by model, from Gemini 2.5': [{ sent: /"thinkingConfig":\{"thinkingLevel":"LOW","includeThoughts":true\}/ }, { options: OLD, sent: /"thinkingConfig":\{"thinkingBudget":2000,"includeThoughts":true\}/ }, { options: OLDER, lost: true, absent: /thinking/ }]
    }
  },
  'output_config.effort': {
    request: low,
    says: {
      '`reasoning.effort`; `verbosity` for Claude': [{ request: { ...low, ...ADAPTIVE }, sent: /"reasoning":\{"effort":"low"\}/ }, { options: CLAUDE, sent: /"verbosity":"low"/ }, { lost: true, absent: /"low"/ }],
      '`reasoning_effort`, where the model knows it': [{ options: GPT_5, sent: /"reasoning_effort":"low"/ }, { lost: true, absent: /"low"/ }],
      '`reasoning_effort`, unless thinking is disabled': [{ sent: /"reasoning_effort":"low"/ }, { request: { ...low, ...OFF }, lost: true, absent: /"low"/ }],
      '`reasoning_effort` while thinking': [{ request: { ...low, ...ADAPTIVE }, sent: /"reasoning_effort":"low"/ }, { lost: true, absent: /"low"/ }],
      '`thinkingLevel`, from Gemini 3, where `thinking` leaves it open': [{ sent: /"thinkingLevel":"LOW"/ }, { request: { ...low, ...budget(30_000) }, lost: true, absent: /"LOW"/ }, { options: OLD, lost: true, absent: /"LOW"/i }]
    }
  },
  'output_config.format': {
    request: format,
    says: {
      '`response_format`': [{ sent: /"response_format":\{"type":"json_schema".*canary-7f3a/ }],
      '`json_object`, the schema in the prompt': [{ sent: /"role":"system".*canary-7f3a.*"response_format":\{"type":"json_object"\}/ }],
      '`responseJsonSchema`; before Gemini 3 not beside tools': [{ sent: /"responseJsonSchema".*canary-7f3a/ }, { request: { ...format, tools: [tool] }, sent: /"responseJsonSchema".*canary-7f3a/ }, { options: OLD, ...EVERY }, { request: { ...format, tools: [tool] }, options: OLD, lost: true, absent: /canary-7f3a/ }]
    }
  },
  tools: { request: { tools: [{ ...tool, name: CANARY }] }, says: { 'their schemas in the keywords that Gemini knows': [EVERY, { request: { tools: [{ name: 'a', input_schema: { type: 'object', minProperties: 7, properties: { a: { const: CANARY } } } }] }, sent: /"enum":\["canary-7f3a"\]/, absent: /minProperties/ }] } },
  'tools.strict': {
    request: { tools: [{ ...tool, strict: true }] },
    trace: /"strict":true/,
    says: { 'at a `/beta` address, if all tools are': [{ lost: true, absent: /"strict"/ }, { options: BETA, sent: /"strict":true/ }, { request: { tools: [{ ...tool, strict: true }, { ...tool, name: 'b' }] }, options: BETA, lost: true, absent: /"strict"/ }] }
  },
  'tools.cache_control': { request: { tools: [{ ...tool, ...MARK, name: CANARY }] }, trace: MARKED, says: BY_ITSELF },
  'tools.web_search_*': {
    request: { tools: [search({ user_location: { type: 'approximate', city: CANARY } })] },
    name: 'tools.web_search_20250305',
    says: {
      '`web` plugin': [{ sent: /"plugins":\[\{"id":"web"/ }],
      '`googleSearch`; before Gemini 3 not beside tools': [{ sent: /"googleSearch"/ }, { request: { tools: [search(), tool] }, sent: /"googleSearch"/ }, { options: OLD, sent: /"googleSearch"/ }, { request: { tools: [search(), tool] }, options: OLD, lost: true, absent: /"googleSearch"/ }]
    }
  },
  'tools.allowed_domains': { request: { tools: [search({ allowed_domains: [CANARY] })] } },
  'tools.blocked_domains': { request: { tools: [search({ blocked_domains: [CANARY] })] } },
  'tools.max_uses': { request: { tools: [search({ max_uses: 777 })] }, trace: /777/, says: { 'the provider decides how often it searches': [{ absent: /777/ }] } },
  'tools.<other types>': { request: { tools: [{ type: 'bash_20250124', name: 'bash', display: CANARY }] }, name: 'tools.bash_20250124' },
  tool_choice: {
    request: forced,
    trace: /"tool_choice":\{"type":"function","function":\{"name":"Read"\}\}/,
    says: {
      'a forced choice switches thinking off': [{ sent: /"name":"Read"\}\}.*"thinking":\{"type":"disabled"\}/ }, { request: { ...forced, ...ADAPTIVE }, sent: /"name":"Read"\}\}.*"thinking":\{"type":"disabled"\}/ }, { request: { ...forced, tool_choice: { type: 'auto' }, ...ADAPTIVE }, sent: /"tool_choice":"auto".*"thinking":\{"type":"enabled"\}/ }],
      '`functionCallingConfig`': [{ sent: /"functionCallingConfig":\{"mode":"ANY","allowedFunctionNames":\["Read"\]\}/ }]
    }
  },
  'tool_choice.disable_parallel_tool_use': { request: { tools: [tool], tool_choice: { type: 'auto', disable_parallel_tool_use: true } }, trace: /parallel/, says: { '`parallel_tool_calls`': [{ sent: /"parallel_tool_calls":false/ }] } },
  metadata: {
    request: { metadata: { user_id: `user_${CANARY}_session_s-77` } },
    says: { '`user` (a digest) and `session_id`': [{ sent: /"user":"[0-9a-f]{32}","session_id":"s-77"/, absent: /canary-7f3a/ }], '`user_id` (a digest)': [{ sent: /"user_id":"[0-9a-f]{32}"/, absent: /canary-7f3a/ }] }
  },
  service_tier: { request: { service_tier: CANARY }, says: { '`serviceTier`, where it knows the tier': [{ lost: true, absent: /canary-7f3a/ }, { request: { service_tier: 'standard_only' }, sent: /"serviceTier":"standard"/ }] } },
  cache_control: { request: MARK, trace: MARKED },
  'messages.role: system': { request: { messages: [user(text('a')), assistant(text('b')), user(text('c')), { role: 'system', content: CANARY }] }, says: { 'folded into the user turn where it stands': [{ sent: /"c".*<system-reminder>\\ncanary-7f3a\\n<\/system-reminder>/, absent: /"role":"system"|systemInstruction/ }] } },
  'messages.text': { request: said(text(CANARY)) },
  'messages.image': { request: said(PNG), trace: DATA, says: { 'loaded and put in, where it is a URL': MEDIA } },
  'messages.image by file_id': { request: said({ type: 'image', source: { type: 'file', file_id: CANARY } }), says: { 400: [{ status: 400 }] } },
  'messages.document, text': { request: said({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: CANARY } }), says: INLINE },
  'messages.document, PDF': { request: said(PDF), trace: DATA, says: { 400: [{ status: 400 }], 'not by URL': [{ sent: DATA }, { request: said(byUrl('document')), status: 400 }], 'loaded and put in, where it is a URL': MEDIA } },
  'messages.document.citations': { request: said({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' }, citations: { enabled: true } }), trace: /citations/, more: [answered(result('t1', [{ ...PDF, source: { type: 'text', data: 'x' }, citations: { enabled: true } }]))] },
  'messages.search_result': { request: said({ type: 'search_result', source: 's', title: 't', content: [text(CANARY)] }), says: INLINE },
  'messages.tool_use': { request: replied(call('t1', { input: { path: CANARY } })) },
  'messages.tool_result': { request: answered(result('t1', CANARY)) },
  'messages.tool_result, image': {
    request: answered(result('t1', [text('result-one'), PNG]), result('t2', 'result-two'), text('last words')),
    trace: /Q0FOQVJZ.*result-two/,
    says: { 'in a user message behind all results': BEHIND, 'in the result from Gemini 3, else beside it': [{ sent: /Q0FOQVJZ.*result-two/ }, { options: OLD, ...BEHIND[0] }] }
  },
  'messages.tool_result, is_error': { request: answered(result('t1', CANARY, { is_error: true })), says: { '`Error: …`': [{ sent: /"Error: canary-7f3a"/ }], '`error`': [{ sent: /"error":"canary-7f3a"/ }] } },
  'messages.tool_reference': { request: answered(result('t1', [{ type: 'tool_reference', tool_name: CANARY }])), says: INLINE },
  'messages.thinking': { request: {}, says: { 'only to the provider that made it': moved('open') } },
  'messages.redacted_thinking': { request: {}, says: { 'only to the provider that made it': moved('closed') } },
  'messages.prefill': {
    request: { messages: [user(text('a')), assistant(text(CANARY))] },
    says: {
      'as a message like any other': [{ sent: /\{"role":"assistant","content":"canary-7f3a"\}/ }],
      '`continue_final_message`': [{ sent: /canary-7f3a.*"continue_final_message":true/ }],
      'at a `/beta` address': [{ options: BETA, sent: /"content":"canary-7f3a","prefix":true/ }, { lost: true, absent: /canary-7f3a/ }],
      'before Gemini 3': [{ options: OLD, ...EVERY }, { lost: true, absent: /canary-7f3a/ }]
    }
  },
  'messages.server_tool_use': { request: FOUND, says: { 'with its result': [EVERY] } },
  'messages.web_search_tool_result': { request: FOUND, says: INLINE },
  'messages.cache_control': {
    request: said(text(CANARY, MARK)),
    says: { ...BY_ITSELF, 'of a call: on the text before it, if any': [{ sent: MARKED }, { request: replied(text(CANARY), call('t1', MARK)), sent: MARKED }, { request: replied(call('t1', MARK)), absent: MARKED }] }
  },
  'messages.<other types>': { request: said(text('a'), { type: 'browser_state', state: CANARY }), name: 'messages.browser_state', more: [answered(result('t1', [{ type: 'browser_state', state: CANARY }]))] }
}

function sampling (): NonNullable<Row['says']> {
  const [sent, absent] = [/0\.123/, /0\.123/]
  return { 'not to OpenAI\'s reasoning models': [{ sent }, { options: GPT_5, lost: true, absent }], 'not while thinking': [{ sent }, { request: { temperature: 0.123, top_p: 0.123, ...ADAPTIVE }, lost: true, absent }] }
}
