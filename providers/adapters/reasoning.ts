import type { AdapterFactory } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { JsonObject } from '../../src/wire/json.ts'

/**
 * `reasoning`: thinking as GLM, Qwen and other hybrid models are asked for it (https://docs.z.ai/guides/capabilities/thinking,
 * https://help.aliyun.com/zh/model-studio/deep-thinking): two fields, of which a server reads the one that it knows. What
 * they think comes back as `reasoning_content`, which every pair of this wire reads.
 */
export const reasoning: AdapterFactory = {
  name: 'reasoning',
  description: 'Asks for thinking by `thinking` and `enable_thinking`, as the client wishes; or switches it off.',
  wires: ['openai'],
  options: { enable: { type: 'boolean', default: true, description: 'false: the model never thinks.' } },
  create: ({ enable = true }) => ({
    name: 'reasoning',
    carries: ['thinking'],
    request: (body, _target, original) => askForThinking(body, enable === true, original)
  })
}

function askForThinking (body: JsonObject, enabled: boolean, { thinking }: MessagesRequest): void {
  if (!enabled || thinking?.type === 'disabled') {
    body['thinking'] = { type: 'disabled' }
    body['enable_thinking'] = false
  } else if (thinking) {
    body['thinking'] = { type: 'enabled', ...(thinking.budget_tokens !== undefined && { budget_tokens: thinking.budget_tokens }) }
    body['enable_thinking'] = true
  }
}
