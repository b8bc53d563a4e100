import t from 'tap'
import { fitClaude } from '../../../src/ingress/openai/fit-claude.ts'
import type { MessagesRequest } from '../../../src/wire/anthropic.ts'

function fit (rest: Partial<MessagesRequest>, adaptive?: boolean): [Partial<MessagesRequest>, string[]] {
  const request: MessagesRequest = { model: 'm', max_tokens: 10_000, messages: [], ...rest }
  const lost = fitClaude(request, { adaptive })
  const { model: _, max_tokens: __, messages: ___, ...fitted } = request
  return [fitted, lost]
}

const ADAPTIVE = { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } } as const

t.test('what is legal stays', async t => {
  t.strictSame(fit({ temperature: 0.5, top_p: 0.9 }), [{ temperature: 0.5, top_p: 0.9 }, []])
  t.strictSame(fit({ ...ADAPTIVE }), [ADAPTIVE, []])
  t.strictSame(fit({ ...ADAPTIVE }, true), [ADAPTIVE, []])
  t.strictSame(fit({ thinking: { type: 'disabled' }, temperature: 1 }), [{ thinking: { type: 'disabled' }, temperature: 1 }, []])
})

t.test('a temperature of OpenAI\'s is at most 1', async t => {
  t.strictSame(fit({ temperature: 1.7 }), [{ temperature: 1 }, []])
})

t.test('a model that wants a budget gets one', async t => {
  t.strictSame(fit({ ...ADAPTIVE }, false), [{ thinking: { type: 'enabled', budget_tokens: 8000 } }, []])
  t.strictSame(fit({ thinking: { type: 'adaptive' } }, false), [{ thinking: { type: 'enabled', budget_tokens: 5000 } }, []])
  const format = { type: 'json_schema', schema: {} } as const
  t.strictSame(fit({ thinking: { type: 'adaptive' }, output_config: { effort: 'low', format } }, false), [{ output_config: { format }, thinking: { type: 'enabled', budget_tokens: 2000 } }, []])
  t.strictSame(fit({ ...ADAPTIVE, max_tokens: 1000 }, false), [{}, ['reasoning_effort']], 'where the answer is too short for any')
})

t.test('thinking goes with neither a forced call nor sampling', async t => {
  t.strictSame(fit({ ...ADAPTIVE, tool_choice: { type: 'any' } }), [{ tool_choice: { type: 'any' } }, ['reasoning_effort']])
  t.strictSame(fit({ ...ADAPTIVE, temperature: 0.2, top_k: 4 }), [ADAPTIVE, ['temperature', 'top_k']])
})
