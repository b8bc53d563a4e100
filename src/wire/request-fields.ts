/** What becomes of a field: it is carried (`true`), dropped (`false`), or carried in another form, or only where a condition holds. */
export type Fate = boolean | string

/** The wires of the built-in pairs, as far as they differ in what they carry. */
export type Column = 'anthropic' | 'openrouter' | 'openai' | 'vllm' | 'deepseek' | 'gemini'

type Row = Readonly<Record<Column, Fate>>

/** The same everywhere but on the client's own wire, which carries all. */
function everywhere (fate: Fate): Row {
  return row(fate, fate, fate, fate, fate)
}

function row (openrouter: Fate, openai: Fate, vllm: Fate, deepseek: Fate, gemini: Fate): Row {
  return { anthropic: true, openrouter, openai, vllm, deepseek, gemini }
}

const INLINED = 'as text'
const BEHIND = 'in a user message behind all results'

/**
 * Which fields of a request each wire carries: the one place that says so. The encoders take from it what they name in
 * `x-router-dropped`, a strict provider refuses by it, and the table in docs/providers.md is printed from it.
 *
 * Fields that are not listed are carried by the Anthropic wire and dropped by every other.
 */
export const REQUEST_FIELDS = {
  model: everywhere('the name that the route chose'),
  max_tokens: row(true, '`max_completion_tokens` for OpenAI\'s reasoning models', 'at most what the context window leaves', 'at most 384,000', '`maxOutputTokens`, at most 65,536'),
  system: everywhere('without Claude Code\'s attribution line'),
  messages: everywhere('in strict order: each call with its one result'),
  stream: everywhere(true),
  temperature: row(true, 'not to OpenAI\'s reasoning models', true, 'not while thinking', true),
  top_p: row(true, 'not to OpenAI\'s reasoning models', true, 'not while thinking', true),
  top_k: row(true, false, true, false, true),
  stop_sequences: row('the first 4', 'the first 4; not to OpenAI\'s reasoning models', true, 'the first 16', 'the first 5'),
  thinking: row('`reasoning`; an effort for models that take no budget; off only where the model can', '`reasoning_effort`, where the model knows it', '`reasoning_effort`, `thinking_token_budget` (lowered with `max_tokens`), `chat_template_kwargs`', '`thinking` and `reasoning_effort`; not with a forced `tool_choice`', '`thinkingConfig`, by model, from Gemini 2.5'),
  'output_config.effort': row('`reasoning.effort`; `verbosity` for Claude', '`reasoning_effort`, where the model knows it', '`reasoning_effort`, unless thinking is disabled', '`reasoning_effort` while thinking', '`thinkingLevel`, from Gemini 3, where `thinking` leaves it open'),
  'output_config.format': row('`response_format`', '`response_format`', '`response_format`', '`json_object`, the schema in the prompt', '`responseJsonSchema`; before Gemini 3 not beside tools'),
  tools: row(true, true, true, true, 'their schemas in the keywords that Gemini knows'),
  'tools.strict': row(true, true, true, 'at a `/beta` address, if all tools are', false),
  'tools.cache_control': row(true, 'cached by itself', 'cached by itself', 'cached by itself', 'cached by itself'),
  'tools.web_search_*': row('`web` plugin', false, false, false, '`googleSearch`; before Gemini 3 not beside tools'),
  'tools.allowed_domains': row(true, false, false, false, false),
  'tools.blocked_domains': row(true, false, false, false, false),
  'tools.max_uses': row('the provider decides how often it searches', false, false, false, 'the provider decides how often it searches'),
  'tools.<other types>': everywhere(false),
  tool_choice: row(true, true, true, 'a forced choice switches thinking off', '`functionCallingConfig`'),
  'tool_choice.disable_parallel_tool_use': row('`parallel_tool_calls`', '`parallel_tool_calls`', '`parallel_tool_calls`', false, false),
  metadata: row('`user` (a digest) and `session_id`', false, false, '`user_id` (a digest)', false),
  service_tier: row(true, false, false, false, '`serviceTier`, where it knows the tier'),
  cache_control: row(true, false, false, false, false),
  'messages.role: system': everywhere('folded into the user turn where it stands'),
  'messages.text': everywhere(true),
  'messages.image': row(true, true, true, true, 'loaded and put in, where it is a URL'),
  'messages.image by file_id': everywhere('400'),
  'messages.document, text': everywhere(INLINED),
  'messages.document, PDF': row(true, 'not by URL', '400', '400', 'loaded and put in, where it is a URL'),
  'messages.document.citations': everywhere(false),
  'messages.search_result': everywhere(INLINED),
  'messages.tool_use': everywhere(true),
  'messages.tool_result': everywhere(true),
  'messages.tool_result, image': row(true, BEHIND, BEHIND, BEHIND, 'in the result from Gemini 3, else beside it'),
  'messages.tool_result, is_error': row('`Error: …`', '`Error: …`', '`Error: …`', '`Error: …`', '`error`'),
  'messages.tool_reference': everywhere(INLINED),
  'messages.thinking': everywhere('only to the provider that made it'),
  'messages.redacted_thinking': everywhere('only to the provider that made it'),
  'messages.prefill': row(true, 'as a message like any other', '`continue_final_message`', 'at a `/beta` address', 'before Gemini 3'),
  'messages.server_tool_use': everywhere('with its result'),
  'messages.web_search_tool_result': everywhere(INLINED),
  'messages.cache_control': row('of a call: on the text before it, if any', 'cached by itself', 'cached by itself', 'cached by itself', 'cached by itself'),
  'messages.<other types>': everywhere(false)
} as const satisfies Record<string, Row>

/** A field of a request, by its path. */
export type RequestField = keyof typeof REQUEST_FIELDS

/** What becomes of a field; undefined for one that the table does not list. */
export function fateOf (field: string, column: Column): Fate | undefined {
  return Object.hasOwn(REQUEST_FIELDS, field) ? REQUEST_FIELDS[field as RequestField][column] : undefined
}
