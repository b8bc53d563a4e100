import type { MessagesRequest } from '../../wire/anthropic.ts'
import { isJsonObject } from '../../wire/json.ts'
import type { ChatBody } from './body.ts'
import type { Untold } from './untold.ts'

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']

/**
 * How much the model is to think: OpenAI's `reasoning_effort`, or OpenRouter's `reasoning`
 * (https://openrouter.ai/docs/use-cases/reasoning-tokens), which may name a budget in tokens instead, or DeepSeek's `thinking`
 * (https://api-docs.deepseek.com/guides/thinking_mode), which switches it on or off. A server may know other efforts: Groq's has
 * `default` (https://console.groq.com/docs/reasoning).
 */
export function decodeThinking ({ reasoning_effort: effort, reasoning, thinking }: ChatBody, untold: Untold): Pick<MessagesRequest, 'thinking' | 'output_config'> {
  if (isJsonObject(thinking) && thinking['type'] === 'disabled') return { thinking: { type: 'disabled' } }
  const budget = reasoning?.max_tokens
  if (typeof budget === 'number' && budget > 0) return { thinking: { type: 'enabled', budget_tokens: budget } }
  const asked = effort ?? reasoning?.effort
  if (asked === undefined || asked === null) {
    const on = reasoning?.enabled ?? (isJsonObject(thinking) && thinking['type'] === 'enabled' ? true : null)
    return on === null ? {} : { thinking: { type: on ? 'adaptive' : 'disabled' } }
  }
  if (!EFFORTS.includes(asked)) {
    untold.refuse(effort === asked ? 'reasoning_effort' : 'reasoning.effort', `Input should be ${EFFORTS.map(each => `'${each}'`).join(', ')}`)
    return {}
  }
  if (asked === 'none') return { thinking: { type: 'disabled' } }
  return { thinking: { type: 'adaptive' }, output_config: { effort: asked === 'minimal' ? 'low' : asked } }
}
