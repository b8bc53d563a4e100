import type { AdapterFactory } from '../../src/provider.ts'
import { type JsonObject, isJsonObject, objectsOf } from '../../src/wire/json.ts'
import { cleanCache } from './cleancache.ts'

/** `groq`: Groq refuses fields that it does not know, in messages as well (https://console.groq.com/docs/openai). */
export const groq: AdapterFactory = {
  name: 'groq',
  description: 'Takes out what Groq refuses: cache_control, $schema in tools, reasoning_content in messages.',
  wires: ['openai'],
  options: {},
  create: () => ({
    name: 'groq',
    request (body) {
      cleanCache(body)
      for (const tool of objectsOf(body['tools'])) leaveOutSchemaName(tool)
      renameReasoning(body)
    }
  })
}

/** `cerebras`: Cerebras answers unknown fields with 400 `wrong_api_format`, those of other servers for thinking among them. */
export const cerebras: AdapterFactory = {
  name: 'cerebras',
  description: 'Takes out what Cerebras refuses: reasoning, thinking, cache_control, reasoning_content in messages.',
  wires: ['openai'],
  options: {},
  create: () => ({
    name: 'cerebras',
    request (body) {
      cleanCache(body)
      for (const field of ['reasoning', 'thinking', 'enable_thinking']) delete body[field]
      renameReasoning(body)
    }
  })
}

/** The schema itself is the client's, so it is copied. */
function leaveOutSchemaName (tool: JsonObject): void {
  const details = tool['function']
  if (!isJsonObject(details) || !isJsonObject(details['parameters'])) return
  const { $schema: _, ...parameters } = details['parameters']
  details['parameters'] = parameters
}

/** Both take earlier reasoning back by the name that they send it under. */
function renameReasoning (body: JsonObject): void {
  for (const message of objectsOf(body['messages'])) {
    if (message['reasoning_content'] === undefined) continue
    message['reasoning'] ??= message['reasoning_content']
    delete message['reasoning_content']
  }
}
