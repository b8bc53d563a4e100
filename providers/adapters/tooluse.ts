import type { AdapterFactory, ChunkAdapter, Target } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, objectsOf, parseJson } from '../../src/wire/json.ts'
import { CallFollower, type FollowedCall } from '../openai-compatible/call-follower.ts'
import { type Said, addText, instruct, saidIn } from './chat-body.ts'
import { mendArguments } from './mend-arguments.ts'

const EXIT = 'ExitToolMode'

const REMINDER = `<system-reminder>You are in tool mode: every reply is a tool call. Call the tool that brings the task forward. When no tool fits, or the task is done, call ${EXIT} with your answer to the user; there is no other way to answer.</system-reminder>`

const EXIT_TOOL = {
  type: 'function',
  function: {
    name: EXIT,
    description: 'Ends tool mode and answers the user. Call it only when none of the other tools can bring the task forward, or when the task is done.',
    parameters: {
      type: 'object',
      properties: { response: { type: 'string', description: 'The answer, exactly as the user is to read it.' } },
      required: ['response']
    }
  }
} as const

/** `tooluse`: for models that talk of what they would do where they should call a tool. */
export const tooluse: AdapterFactory = {
  name: 'tooluse',
  description: 'Has the model call a tool in every reply; its answer to the user comes by a tool of its own, and is turned back into text.',
  wires: ['openai'],
  options: {},
  create: () => ({ name: 'tooluse', request: forceTools, reply: readExit })
}

/** Nothing is forced where the client itself chose, or has no tools. */
function forceTools (body: JsonObject, target: Target): void {
  const { tools, tool_choice: choice } = body
  if (!Array.isArray(tools) || tools.length === 0 || (choice !== undefined && choice !== 'auto')) return
  if (!instruct(body, REMINDER)) return
  body['tools'] = [...tools, structuredClone(EXIT_TOOL) as unknown as JsonObject]
  if (target.capabilities.claude?.forcedCalls !== false && !thinks(body, target)) body['tool_choice'] = 'required'
}

/** DeepSeek and Claude refuse a forced choice while they think; there the reminder alone must do. */
function thinks ({ thinking, reasoning, reasoning_effort: effort }: JsonObject, { model, provider: { pair }, capabilities: { claude } }: Target): boolean {
  if (isJsonObject(thinking)) return thinking['type'] !== 'disabled'
  if (isJsonObject(reasoning)) return reasoning['enabled'] !== false && reasoning['effort'] !== 'none'
  // Other servers that take an effort take a forced call beside it.
  if (pair.name !== 'deepseek') return claude?.thinksUnasked === true
  // A request of a client of the same wire need not say it (https://api-docs.deepseek.com/guides/thinking_mode).
  return typeof effort === 'string' ? effort !== 'none' : model !== 'deepseek-chat'
}

function readExit (): ChunkAdapter {
  const follower = new CallFollower()
  const others = new Map<FollowedCall, number>()
  return chunk => {
    const said = saidIn(chunk)
    if (said === undefined) return
    const { delta, last } = said
    if (delta['tool_calls']) withhold(delta, follower, others)
    if (last) tellExits(said, follower.calls)
  }
}

/**
 * Leaves the calls of other tools in the chunk, numbered among themselves: clients take no list of calls with a hole in it.
 * @param others the numbers given so far
 */
function withhold (delta: JsonObject, follower: CallFollower, others: Map<FollowedCall, number>): void {
  const staying = objectsOf(delta['tool_calls']).flatMap(fragment => {
    const call = follower.follow(fragment)
    if (call.name === EXIT) return []
    const index = others.get(call) ?? others.size
    others.set(call, index)
    return [{ ...fragment, index }]
  })
  if (staying.length > 0) delta['tool_calls'] = staying
  else delete delta['tool_calls']
}

function tellExits ({ choice, delta }: Said, calls: readonly FollowedCall[]): void {
  const exits = calls.filter(call => call.name === EXIT && call.input !== '')
  for (const exit of exits) {
    addText(delta, responseOf(exit.input, choice['finish_reason'] === 'length'))
    exit.input = ''
  }
  if (exits.length > 0 && calls.every(call => call.name === EXIT) && choice['finish_reason'] === 'tool_calls') choice['finish_reason'] = 'stop'
}

/** What the model meant to say; of arguments that are broken, at least their text. */
function responseOf (input: string, cut: boolean): string {
  const parsed = parseJson(mendArguments(cut ? `${input}"` : input))
  const response = isJsonObject(parsed) ? parsed['response'] : undefined
  return typeof response === 'string' ? response : input
}
