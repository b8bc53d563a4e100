import { code, prose } from './prose.js'

const TOOLS = ['Bash', 'BashOutput', 'Edit', 'EnterPlanMode', 'ExitPlanMode', 'Glob', 'Grep', 'KillShell', 'LS', 'MultiEdit', 'NotebookEdit', 'NotebookRead', 'Read', 'Skill', 'SlashCommand', 'Task', 'TodoWrite', 'WebFetch', 'WebSearch', 'Write']
const CACHED = { cache_control: { type: 'ephemeral' } }
/** Above this size a request is that of a coding agent in mid-session; below, a bare question. */
const AGENT = 16 * 1024

/**
 * A Messages request of about so many bytes. From {@link AGENT} on it has the shape of Claude Code's: a long system
 * prompt with cache_control, twenty tools with schemas, and a history of tool calls and their results, which is what
 * grows.
 */
export function messagesRequest (bytes, stream) {
  const request = bytes < AGENT ? question(stream) : agentRequest(stream)
  const grow = bytes < AGENT ? growQuestion : growHistory
  for (let missing = bytes - sizeOf(request), turn = 0; missing > 0; missing = bytes - sizeOf(request), turn++) grow(request, missing, turn)
  return request
}

function sizeOf (request) {
  return Buffer.byteLength(JSON.stringify(request))
}

function question (stream) {
  return { model: 'claude-bench', max_tokens: 1024, stream, system: 'You are a helpful assistant.', messages: [{ role: 'user', content: 'Please explain: ' }] }
}

function growQuestion ({ messages }, missing) {
  messages[0].content += prose(missing, 3)
}

function agentRequest (stream) {
  return {
    model: 'claude-bench',
    max_tokens: 32000,
    stream,
    temperature: 1,
    thinking: { type: 'enabled', budget_tokens: 31999 },
    metadata: { user_id: 'user_8f14e45fceea167a_account_5f0f0c12-1c34-4f6e-9a55-1b2c3d4e5f60_session_0c6e2f10-7a1b-4c2d-8e3f-9a0b1c2d3e4f' },
    system: [
      { type: 'text', text: 'You are a coding agent that works in a terminal.', ...CACHED },
      { type: 'text', text: prose(12000, 1), ...CACHED }
    ],
    tools: TOOLS.map(tool),
    messages: [{ role: 'user', content: [{ type: 'text', text: `<system-reminder>\n${prose(1500, 40)}\n</system-reminder>` }, { type: 'text', text: prose(200, 41), ...CACHED }] }]
  }
}

function tool (name, i) {
  return {
    name,
    description: prose(900, i * 31),
    input_schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        file_path: { type: 'string', description: prose(80, i + 2) },
        command: { type: 'string', description: prose(120, i + 3), minLength: 1 },
        limit: { type: 'integer', description: prose(60, i + 4), minimum: 0 },
        mode: { type: 'string', enum: ['content', 'files_with_matches', 'count'], default: 'content' },
        edits: {
          type: 'array',
          minItems: 1,
          items: { type: 'object', properties: { old_string: { type: 'string', description: 'What to replace' }, new_string: { type: 'string', description: 'What to put there' }, replace_all: { type: 'boolean', default: false } }, required: ['old_string', 'new_string'], additionalProperties: false }
        }
      },
      required: ['file_path'],
      additionalProperties: false
    }
  }
}

/** One call of a tool and its result. Results are as long as those of a session of that size are, 1 to 16 KB. */
function growHistory (request, missing, turn) {
  const id = `toolu_01${String(turn).padStart(22, 'A')}`
  const length = Math.max(200, Math.min(missing - 500, 1000 + (turn % 8) * 2000, missing > 100_000 ? 16_000 : 3000))
  request.messages.push(
    { role: 'assistant', content: [{ type: 'text', text: prose(150, turn) }, { type: 'tool_use', id, name: turn % 2 ? 'Read' : 'Bash', input: { file_path: `/home/user/project/src/module-${turn}.ts`, command: `grep -n "turn ${turn}" *.ts | head -${turn}`, limit: 100 + turn } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: code(length, turn) }] }] }
  )
}
