import Anthropic from '@anthropic-ai/sdk'
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema'
import type { Ask, Form, Got } from './case.ts'
import type { Client } from './client.ts'

const FINISH: Record<string, string> = { end_turn: 'stop', tool_use: 'calls', max_tokens: 'length' }

type Params = Omit<Anthropic.MessageCreateParamsNonStreaming, 'messages'>
type Parsed = Anthropic.Message & { parsed_output?: unknown }

/** `@anthropic-ai/sdk`, with its own helpers for streams and structured output. */
export function anthropicClient (url: string): Client {
  const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 })
  return (model, form) => {
    const messages: Anthropic.MessageParam[] = []
    let params: Params = { model, max_tokens: 4096 }
    let last: Anthropic.Message | undefined
    const turn = async (content: Anthropic.ContentBlockParam[]): Promise<Got> => {
      messages.push({ role: 'user', content })
      const message = await send(client, { ...params, messages }, form)
      messages.push({ role: 'assistant', content: message.content })
      last = message
      return read(message)
    }
    return {
      ask (ask) {
        params = { ...params, ...paramsOf(ask) }
        return turn(contentOf(ask))
      },
      give: results => turn(callsOf(last).map(({ id }, i) => ({ type: 'tool_result', tool_use_id: id, content: results[i] ?? '' })))
    }
  }
}

function send (client: Anthropic, params: Anthropic.MessageCreateParamsNonStreaming, form: Form): Promise<Parsed> {
  if (form === 'stream') return client.messages.stream(params).finalMessage()
  return params.output_config === undefined ? client.messages.create(params) : client.messages.parse(params)
}

function paramsOf ({ system, tools, thinks, schema }: Ask): Partial<Params> {
  return {
    ...(system !== undefined && { system }),
    ...(tools !== undefined && { tools: tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema as Anthropic.Tool.InputSchema })) }),
    ...(thinks === true && { thinking: { type: 'enabled', budget_tokens: 2048 } }),
    ...(schema !== undefined && { output_config: { format: jsonSchemaOutputFormat(schema as { type: 'object' }) } })
  }
}

function contentOf ({ prompt, image }: Ask): Anthropic.ContentBlockParam[] {
  return [
    ...(image === undefined ? [] : [{ type: 'image' as const, source: { type: 'base64' as const, media_type: 'image/png' as const, data: image } }]),
    { type: 'text', text: prompt }
  ]
}

function callsOf (message: Anthropic.Message | undefined): Anthropic.ToolUseBlock[] {
  return message?.content.filter(block => block.type === 'tool_use') ?? []
}

function read (message: Parsed): Got {
  const { content, usage, stop_reason: reason } = message
  return {
    text: content.map(block => block.type === 'text' ? block.text : '').join(''),
    thinking: content.map(block => block.type === 'thinking' ? block.thinking : '').join(''),
    calls: callsOf(message).map(({ name, input }) => ({ name, input })),
    finish: FINISH[reason ?? ''] ?? String(reason),
    usage: { input: usage.input_tokens, output: usage.output_tokens },
    value: message.parsed_output ?? null
  }
}
