/**
 * Requests of Claude Code 2.1.197, one builder for each kind that it was seen to send: models, limits, thinking, tools, system
 * blocks, headers and sizes are its own, texts are filled in.
 */
import { crc32 } from 'node:zlib'
import type { ContentBlock, MessageParam, MessagesRequest, TextBlock, ToolParam } from '../../src/wire/anthropic.ts'

export interface ClientRequest {
  headers: Record<string, string>
  body: MessagesRequest
}

export interface MainOptions {
  model?: string
  session?: string
  effort?: string
  /** What the user typed. */
  prompt?: string
}

export const SESSION = '11111111-2222-4333-8444-555555555555'
export const AGENT = 'a0123456789abcdef'
export const OPUS = 'claude-opus-4-8'
export const HAIKU = 'claude-haiku-4-5-20251001'

const EPHEMERAL = { cache_control: { type: 'ephemeral' } } as const
const PROMPT = 'Find out why the build fails, and mend it.'

/** So many characters of plain English. */
export function filler (length: number): string {
  return 'Read the file before you change it, and say in one line what you did and why it was needed.\n'.repeat(Math.ceil(length / 92)).slice(0, length)
}

/** About so many tokens of plain English: each of its words is one. */
export function words (tokens: number): string {
  return ' the river runs down to the sea and'.repeat(Math.ceil(tokens / 8))
}

const text = (value: string, rest: Partial<TextBlock> = {}): TextBlock => ({ type: 'text', text: value, ...rest })
const reminder = (value: string): TextBlock => text(`<system-reminder>\n${value}\n</system-reminder>`)

/** What a model's name makes Claude Code send; it goes by parts of the name, so a provider may stand before it. */
type Family = 'current' | 'budget' | 'unknown'

function familyOf (model: string): Family {
  if (/(?:haiku|sonnet)-4[.-]5/.test(model)) return 'budget'
  return /claude-(?:opus-4-8|sonnet-5|fable-5)/.test(model) ? 'current' : 'unknown'
}

const TOOLS = ['Agent', 'Bash', 'CronCreate', 'CronDelete', 'CronList', 'Edit', 'EnterWorktree', 'ExitWorktree', 'NotebookEdit', 'Read', 'ReportFindings', 'ScheduleWakeup',
  'SendMessage', 'Skill', 'TaskCreate', 'TaskGet', 'TaskList', 'TaskOutput', 'TaskStop', 'TaskUpdate', 'WebFetch', 'WebSearch', 'Workflow', 'Write']

function tool (name: string): ToolParam {
  const lists = name.endsWith('List')
  return {
    name,
    description: filler(name === 'Workflow' ? 19_000 : 1_500),
    input_schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: lists
        ? {}
        : {
            description: { type: 'string', description: 'What it is for.', minLength: 1, maxLength: 524288 },
            kind: { anyOf: [{ type: 'string', enum: ['one', 'two'] }, { const: 'none' }] },
            limit: { type: 'integer', exclusiveMinimum: 0, maximum: 9007199254740991, default: 10 },
            ...(name === 'Workflow' && { args: { description: 'Anything.' } }),
            ...(name.startsWith('Task') && { metadata: { type: 'object', propertyNames: { type: 'string' }, additionalProperties: {} } })
          },
      ...(!lists && { required: ['description'] }),
      additionalProperties: false
    }
  }
}

/** Agents have some of the tools. */
const tools = (count = TOOLS.length): ToolParam[] => TOOLS.slice(0, count).map(tool)

interface Prompt { subagent?: boolean, instructions: string, cached?: boolean }

function system ({ subagent = false, instructions, cached = true }: Prompt): TextBlock[] {
  const mark = cached ? EPHEMERAL : {}
  return [
    text(`x-anthropic-billing-header: cc_version=2.1.197.e0b; cc_entrypoint=sdk-cli;${subagent ? ' cc_is_subagent=true;' : ''}`),
    text("You are a Claude agent, built on Anthropic's Claude Agent SDK.", mark),
    text(instructions, mark)
  ]
}

/** Instructions of so many characters, and the facts about the machine behind them. */
function instructionsOf (length: number): string {
  return `${filler(length)}\n\n# Environment\nYou have been invoked in the following environment:\n - Working directory: /work/project\n`
}

const BETAS: Record<Family | 'haiku', string> = {
  current: 'claude-code-20250219,interleaved-thinking-2025-05-14,thinking-token-count-2026-05-13,context-management-2025-06-27,prompt-caching-scope-2026-01-05,mid-conversation-system-2026-04-07,effort-2025-11-24',
  unknown: 'claude-code-20250219,interleaved-thinking-2025-05-14,thinking-token-count-2026-05-13,context-management-2025-06-27,prompt-caching-scope-2026-01-05,mid-conversation-system-2026-04-07,effort-2025-11-24',
  budget: 'claude-code-20250219,interleaved-thinking-2025-05-14,thinking-token-count-2026-05-13,context-management-2025-06-27,prompt-caching-scope-2026-01-05',
  haiku: 'interleaved-thinking-2025-05-14,thinking-token-count-2026-05-13,context-management-2025-06-27,prompt-caching-scope-2026-01-05,claude-code-20250219'
}

function headersFor (model: string, session: string, agent?: string): Record<string, string> {
  return {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'claude-cli/2.1.197 (external, sdk-cli)',
    authorization: 'Bearer client-canary-token',
    'anthropic-version': '2023-06-01',
    'anthropic-beta': BETAS[model.includes('haiku-4-5') ? 'haiku' : familyOf(model)],
    'anthropic-dangerous-direct-browser-access': 'true',
    'x-app': 'cli',
    'x-claude-code-session-id': session,
    ...(agent !== undefined && { 'x-claude-code-agent-id': agent }),
    'x-stainless-lang': 'js',
    'x-stainless-package-version': '0.94.0',
    'x-stainless-os': 'Linux',
    'x-stainless-arch': 'x64',
    'x-stainless-runtime': 'node',
    'x-stainless-runtime-version': 'v26.3.0',
    'x-stainless-retry-count': '0',
    'x-stainless-timeout': '600'
  }
}

const metadataOf = (session: string): { user_id: string } => ({ user_id: JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: session }) })

/** The first messages of a session: the reminder with the prompt, and then what models of today get as a system message. */
function opening (model: string, prompt: string): MessageParam[] {
  const project = reminder('# claudeMd\nUse npm, and run the tests.\n# currentDate\nToday is 2026-11-26.')
  const skills = filler(6_000)
  if (familyOf(model) === 'budget') return [{ role: 'user', content: [project, reminder(skills), text(prompt, EPHEMERAL)] }]
  return [{ role: 'user', content: [project, text(prompt, EPHEMERAL)] }, { role: 'system', content: skills }]
}

/** The main loop: adaptive at effort high for models of today and names it does not know, a budget for those of 4.5. */
export function mainLoop ({ model = OPUS, session = SESSION, effort = 'high', prompt = PROMPT }: MainOptions = {}): ClientRequest {
  const family = familyOf(model)
  return {
    headers: headersFor(model, session),
    body: {
      model,
      messages: opening(model, prompt),
      system: system({ instructions: instructionsOf(family === 'budget' ? 26_000 : 5_700) }),
      tools: tools(),
      metadata: metadataOf(session),
      max_tokens: family === 'current' ? 64000 : 32000,
      thinking: family === 'budget' ? { budget_tokens: 31999, type: 'enabled' } : { type: 'adaptive' },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
      ...(family !== 'budget' && { output_config: { effort } }),
      stream: true
    }
  }
}

/** The keyword changes no field: a note stands beside it, as a system message or, for older models, as a reminder. */
export function ultrathink (options: MainOptions = {}): ClientRequest {
  const request = mainLoop({ prompt: 'ultrathink: why does the build fail?', ...options })
  const note = 'The user asked for the deepest reasoning on this turn.'
  const [first] = request.body.messages
  if (familyOf(request.body.model) !== 'budget') request.body.messages.push({ role: 'system', content: note })
  else (first?.content as ContentBlock[]).push(reminder(note))
  return request
}

/** `CLAUDE_CODE_DISABLE_THINKING=1` */
export function withoutThinking (): ClientRequest {
  const request = mainLoop()
  delete request.body.thinking
  delete request.body['context_management']
  return request
}

function subagent (model: string, count: number, rest: Partial<MessagesRequest>, instructions = instructionsOf(3_000)): ClientRequest {
  const body = mainLoop({ model, prompt: 'Look for all places that read the configuration.' }).body
  delete body.thinking
  delete body.output_config
  delete body['context_management']
  return {
    headers: headersFor(model, SESSION, AGENT),
    body: { ...body, system: system({ subagent: true, instructions }), tools: tools(count), ...rest }
  }
}

/** Always a haiku, whatever the model of the main loop. */
export const explore = (): ClientRequest => subagent(HAIKU, 17, { max_tokens: 32000, thinking: { type: 'disabled' }, temperature: 1 })

export const plan = (): ClientRequest => subagent(OPUS, 17, { thinking: { type: 'disabled' }, output_config: { effort: 'high' } })

export const generalPurpose = (): ClientRequest => subagent(OPUS, 21, { thinking: { type: 'disabled' }, output_config: { effort: 'high' } })

/** A subagent's model by the environment. */
export const subagentOf = (model: string): ClientRequest => subagent(model, 17, { output_config: { effort: 'high' } })

/** An agent of the user's own, whose prompt names its model. */
export const taggedAgent = (target: string): ClientRequest => subagent(OPUS, 21, { thinking: { type: 'disabled' }, output_config: { effort: 'high' } }, `<CCR-SUBAGENT-MODEL>${target}</CCR-SUBAGENT-MODEL>\nYou review code.\n${instructionsOf(1_000)}`)

/** What a small request of one question sends. */
function small (instructions: string, question: string, rest: Partial<MessagesRequest>): ClientRequest {
  return {
    headers: headersFor(OPUS, SESSION),
    body: {
      model: OPUS,
      messages: [{ role: 'user', content: [text(question)] }],
      system: system({ instructions, cached: false }),
      metadata: metadataOf(SESSION),
      max_tokens: 64000,
      thinking: { type: 'disabled' },
      output_config: { effort: 'high' },
      stream: true,
      ...rest
    }
  }
}

/** The inner request of a web search. */
export const webSearch = (): ClientRequest => small('You are an assistant for performing a web search tool use', 'Perform a web search for the query: fastify 5 release notes', {
  tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 8 }],
  tool_choice: { type: 'tool', name: 'web_search' }
})

/** The title of a session; `tools` is there, and empty. */
export const title = (): ClientRequest => small('Generate a concise title for this session.', PROMPT, {
  tools: [],
  output_config: {
    effort: 'high',
    format: { type: 'json_schema', schema: { type: 'object', properties: { title: { type: 'string' } }, required: ['title'], additionalProperties: false } }
  }
})

/** For a count where the gateway has no count_tokens. */
export const countByRequest = (): ClientRequest => ({
  headers: headersFor(OPUS, SESSION),
  body: { model: OPUS, max_tokens: 1, messages: [{ role: 'user', content: 'count' }], metadata: metadataOf(SESSION) }
})

/** Adds a call and its result, and what may stand beside the result. */
export function withResult (request: ClientRequest, content: string | ContentBlock[], beside: ContentBlock[] = [], name = 'Read'): ClientRequest {
  const id = `toolu_${request.body.messages.length}`
  request.body.messages.push(
    { role: 'assistant', content: [text('I will look.'), { type: 'tool_use', id, name, input: { file_path: '/work/project/a' } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }, ...beside] }
  )
  return request
}

/** Adds an answer in words, and the next prompt. */
export function withPrompt (request: ClientRequest, prompt: string): ClientRequest {
  request.body.messages.push({ role: 'assistant', content: [text('It was a missing comma.')] }, { role: 'user', content: [text(prompt, EPHEMERAL)] })
  return request
}

/** The next request of the tool loop. */
export const toolLoop = (options: MainOptions = {}): ClientRequest => withResult(mainLoop(options), '1\t{\n2\t  "name": "project"\n3\t}', [], 'Read')

/** A picture that Read brought. */
export const picture = (bytes = 2_000, options: MainOptions = {}): ClientRequest => withResult(mainLoop(options), [png(bytes)])

/** A PDF that Read brought: the result is a sentence, the document stands beside it. */
export const pdf = (bytes = 2_000): ClientRequest => withResult(mainLoop(), 'PDF file read: /work/project/a.pdf', [
  { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: Buffer.alloc(bytes, '%PDF-1.4\n').toString('base64') } }
])

/** Compaction: the conversation, and a long instruction as the last text. */
export function compaction (): ClientRequest {
  return withPrompt(toolLoop(), `CRITICAL: Respond with TEXT ONLY. Your task is to create a detailed summary of the conversation so far.\n${filler(6_000)}`)
}

/** A prompt of so many tokens of text. */
export const longConversation = (tokens: number, options: MainOptions = {}): ClientRequest => withResult(mainLoop(options), words(tokens))

/** A PNG of 1400 × 900 pixels and about so many bytes; what it shows is noise. */
export function png (bytes: number, width = 1400, height = 900): ContentBlock {
  const size = Buffer.alloc(13)
  size.writeUInt32BE(width)
  size.writeUInt32BE(height, 4)
  size.set([8, 2], 8)
  const noise = Buffer.alloc(bytes)
  for (let i = 0, n = 1; i < bytes; i++) noise[i] = (n = (n * 48271) % 0x7fffffff) & 0xff
  const file = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', size), chunk('IDAT', noise), chunk('IEND', Buffer.alloc(0))])
  return { type: 'image', source: { type: 'base64', data: file.toString('base64'), media_type: 'image/png' } }
}

function chunk (type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(content.length)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

/** Every kind of request, by name. */
export const KINDS = {
  'main loop': () => mainLoop(),
  'main loop, Sonnet 5': () => mainLoop({ model: 'claude-sonnet-5' }),
  'main loop, Fable': () => mainLoop({ model: 'claude-fable-5' }),
  'main loop, Haiku 4.5': () => mainLoop({ model: HAIKU }),
  'main loop, Sonnet 4.5': () => mainLoop({ model: 'claude-sonnet-4-5-20250929' }),
  'main loop, unknown model': () => mainLoop({ model: 'gpt-5' }),
  'main loop, unknown target': () => mainLoop({ model: 'nobody,test-model' }),
  'main loop at effort xhigh': () => mainLoop({ effort: 'xhigh' }),
  'main loop at effort low': () => mainLoop({ effort: 'low' }),
  'main loop without thinking': withoutThinking,
  'tool loop': () => toolLoop(),
  ultrathink: () => ultrathink(),
  'ultrathink, older model': () => ultrathink({ model: 'claude-sonnet-4-5-20250929' }),
  'Explore subagent': explore,
  'Plan subagent': plan,
  'general-purpose subagent': generalPurpose,
  'subagent of an unknown model': () => subagentOf('local-model'),
  'inner web search': webSearch,
  title,
  compaction,
  'picture in the result of a tool': () => picture(),
  PDF: () => pdf(),
  'count by a request': countByRequest
} satisfies Record<string, () => ClientRequest>

export type Kind = keyof typeof KINDS
