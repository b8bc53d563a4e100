import type { Difference } from './case.ts'

/** What is honestly different somewhere: the footnotes of the table, each with what is asserted there in the place of the rest. */
export const DIFFERENCES: readonly Difference[] = [
  {
    kinds: ['deepseek'],
    case: 'structured output',
    note: 'DeepSeek knows no schemas: its JSON mode is used, and the schema goes into the system prompt. The model may stray from it.',
    arrives: { format: { type: 'json_object' }, system: /^\{"type":"object","properties":\{"name":/m }
  },
  {
    kinds: ['openai'],
    ingress: 'anthropic',
    case: 'thinking',
    note: 'Shown wherever it comes. It is asked for (`reasoning_effort`) where the model\'s name or the option `reasoning_effort` says that the server knows the field.',
    arrives: { thinking: { reasoning_effort: undefined } }
  }
]
