import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'
import { textOf } from '../helper/kinds/chat.ts'
import type { GeminiRequest } from '../helper/kinds/gemini-rules.ts'
import type { Ask as Request } from '../helper/kinds/server.ts'
import type { Arrived, Tool } from './case.ts'

type Reading = Omit<Arrived, 'said'>

/** What arrived at a provider, read from its wire without any code of the gateway. */
export function arrived ({ kind, body, said }: Request): Arrived {
  const read = kind.name === 'gemini' ? readGemini : kind.name === 'anthropic' ? readMessages : readChat
  // A wire may have its texts in parts, and a picture between them.
  return { ...read(body as never), said: said.map(utterance => ({ ...utterance, text: utterance.text.trim() })) }
}

function readChat ({ messages, tools = [], response_format: format, ...rest }: ChatRequest): Reading {
  const asked = ['reasoning', 'reasoning_effort', 'thinking', 'thinking_token_budget'].map(field => [field, rest[field]])
  return {
    system: messages.filter(({ role }) => role === 'system').map(textOf).join('\n'),
    tools: tools.map(({ function: { name, description = '', parameters = {} } }) => ({ name, description, schema: parameters })),
    format,
    thinking: Object.fromEntries(asked) as object
  }
}

function readGemini ({ systemInstruction, tools = [], generationConfig: config = {} }: GeminiRequest): Reading {
  const { responseMimeType, responseJsonSchema, thinkingConfig } = config
  return {
    system: (systemInstruction?.parts ?? []).map(({ text }) => text).join('\n'),
    tools: tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations).map(({ name, description, parametersJsonSchema: schema }) => ({ name, description, schema }) as Tool),
    format: { responseMimeType, responseJsonSchema },
    thinking: thinkingConfig
  }
}

function readMessages ({ system = [], tools = [], output_config: output, thinking }: MessagesRequest): Reading {
  return {
    system: typeof system === 'string' ? system : system.map(({ text }) => text).join('\n'),
    tools: tools.map(({ name, description = '', input_schema: schema = {} }) => ({ name, description, schema })),
    format: output?.format,
    thinking: { thinking, effort: output?.effort }
  }
}
