import type { AdapterFactory, ChunkAdapter } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, objectsOf } from '../../src/wire/json.ts'
import { CallFollower } from '../openai-compatible/call-follower.ts'
import { type Said, saidIn } from './chat-body.ts'
import { mendArguments } from './mend-arguments.ts'

/** `enhancetool`: for models that write arguments which are almost JSON. They are not streamed then. */
export const enhancetool: AdapterFactory = {
  name: 'enhancetool',
  description: 'Mends arguments of tool calls that are not quite JSON; they come at the end, and not as a stream.',
  wires: ['openai'],
  options: {},
  create: () => ({ name: 'enhancetool', reply: mendCalls })
}

function mendCalls (): ChunkAdapter {
  const follower = new CallFollower()
  return chunk => {
    const said = saidIn(chunk)
    if (said === undefined) return
    if (said.delta === said.choice['message']) return mendWhole(said)
    if (said.delta['tool_calls']) holdBack(said.delta, follower)
    if (said.last) release(said, follower)
  }
}

/** In a plain reply each call has all of its arguments. */
function mendWhole ({ choice, delta }: Said): void {
  if (isCut(choice)) return
  for (const { function: details } of objectsOf(delta['tool_calls'])) {
    if (isJsonObject(details) && typeof details['arguments'] === 'string') details['arguments'] = mendArguments(details['arguments'])
  }
}

/** Calls are told at once; their arguments wait. */
function holdBack (delta: JsonObject, follower: CallFollower): void {
  for (const fragment of objectsOf(delta['tool_calls'])) {
    const call = follower.follow(fragment)
    const details = fragment['function']
    if (isJsonObject(details)) details['arguments'] = ''
    // The input of a custom tool is no JSON.
    else if (call.custom) call.input = ''
  }
}

/** Arguments that the output limit cut are told as they are: mended, a half call would look like a whole one. */
function release ({ choice, delta }: Said, follower: CallFollower): void {
  const cut = isCut(choice)
  const waiting = follower.calls.filter(call => call.input !== '')
  if (waiting.length === 0) return
  delta['tool_calls'] = [...objectsOf(delta['tool_calls']), ...waiting.map(({ place, input }): JsonObject => ({ index: place, function: { arguments: cut ? input : mendArguments(input) } }))]
  for (const call of waiting) call.input = ''
}

function isCut (choice: JsonObject): boolean {
  return choice['finish_reason'] === 'length'
}
