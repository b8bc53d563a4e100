import t from 'tap'
import { fitClaude } from '../../../src/ingress/openai/fit-claude.ts'
import { knownCapabilities } from '../../../src/routing/known-models.ts'
import type { MessagesRequest } from '../../../src/wire/anthropic.ts'
import type { JsonObject } from '../../../src/wire/json.ts'

const USER = { role: 'user' as const, content: [{ type: 'text' as const, text: 'Hi' }] }

/** What becomes of a request before a model, and what is lost by it. */
function fit (model: string, rest: Partial<MessagesRequest>): [Partial<MessagesRequest>, string[]] {
  const request: MessagesRequest = { model: 'm', max_tokens: 10_000, messages: [USER], ...rest }
  const lost = fitClaude(request, knownCapabilities(model).claude)
  const { model: _, max_tokens: __, messages: ___, ...fitted } = request
  return [fitted, lost]
}

function messagesOf (model: string, messages: MessagesRequest['messages'], rest: Partial<MessagesRequest> = {}): [MessagesRequest['messages'], string[]] {
  const request: MessagesRequest = { model: 'm', max_tokens: 10_000, ...rest, messages }
  const lost = fitClaude(request, knownCapabilities(model).claude)
  return [request.messages, lost]
}

const HIGH = { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } } as const
const SHOWN = { type: 'adaptive', display: 'summarized' }
const OWN = 'a-model-of-ours'

t.test('what is legal stays', async t => {
  t.strictSame(fit(OWN, { temperature: 0.5, top_p: 0.9 }), [{ temperature: 0.5, top_p: 0.9 }, []])
  t.strictSame(fit(OWN, { ...HIGH }), [HIGH, []])
  t.strictSame(fit('claude-opus-4-6', { ...HIGH }), [HIGH, []])
  t.strictSame(fit(OWN, { thinking: { type: 'disabled' }, temperature: 1, stop_sequences: ['END'] }), [{ thinking: { type: 'disabled' }, temperature: 1, stop_sequences: ['END'] }, []])
})

t.test('thinking is asked for in the way that the model knows', async t => {
  t.strictSame(fit('claude-sonnet-4-5', { ...HIGH }), [{ thinking: { type: 'enabled', budget_tokens: 8000 } }, []])
  t.strictSame(fit('claude-haiku-4-5', { thinking: { type: 'adaptive' } }), [{ thinking: { type: 'enabled', budget_tokens: 5000 } }, []])
  const format = { type: 'json_schema', schema: {} } as const
  t.strictSame(fit('claude-sonnet-4-5', { thinking: { type: 'adaptive' }, output_config: { effort: 'low', format } }), [{ output_config: { format }, thinking: { type: 'enabled', budget_tokens: 2000 } }, []])
  t.strictSame(fit('claude-sonnet-4-5', { ...HIGH, max_tokens: 1000 }), [{}, ['reasoning_effort']], 'where the answer is too short for any')

  for (const model of ['claude-opus-4-7', 'claude-opus-4-8', 'claude-sonnet-5', 'anthropic/claude-haiku-5.5', 'claude-fable-5']) {
    t.strictSame(fit(model, { ...HIGH }), [{ thinking: SHOWN, output_config: { effort: 'high' } }, []], `${model} shows what it thinks`)
    for (const [tokens, effort] of [[1500, 'low'], [4000, 'medium'], [9000, 'high'], [50_000, 'high']] as const) {
      t.strictSame(fit(model, { thinking: { type: 'enabled', budget_tokens: tokens } }), [{ thinking: SHOWN, output_config: { effort } }, []], `${model} takes no budget`)
    }
  }
  t.strictSame(fit('claude-opus-4-8', { thinking: { type: 'disabled' } }), [{ thinking: { type: 'disabled' } }, []])
})

t.test('some think unasked, and some cannot be told not to', async t => {
  const off = { thinking: { type: 'disabled' } } as const
  for (const model of ['claude-opus-4-8', 'claude-opus-5', 'claude-sonnet-5', 'claude-haiku-5-5']) t.strictSame(fit(model, { ...off }), [off, []], model)
  t.strictSame(fit('claude-sonnet-5-5', { ...off }), [{ thinking: { type: 'between_tools' } }, []])
  for (const model of ['claude-fable-5', 'claude-fable-5-1', 'claude-opus-5-5']) t.strictSame(fit(model, { ...off }), [{}, ['reasoning_effort']], model)
})

t.test('an effort is one that the model knows, and none where it knows none', async t => {
  const xhigh = { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } } as const
  for (const model of ['claude-opus-4-6', 'claude-sonnet-4-6']) t.strictSame(fit(model, { ...xhigh }), [HIGH, []], model)
  t.strictSame(fit('claude-opus-4-7', { ...xhigh }), [{ thinking: SHOWN, output_config: { effort: 'xhigh' } }, []])
  t.strictSame(fit('claude-3-5-haiku-latest', { thinking: { type: 'disabled' }, output_config: { effort: 'high' } }), [{ thinking: { type: 'disabled' } }, []])
})

t.test('a budget leaves something of the answer, and is none below the least', async t => {
  const budget = (tokens: number, limit: number): ReturnType<typeof fit> => fit('claude-opus-4-5', { thinking: { type: 'enabled', budget_tokens: tokens }, max_tokens: limit })
  t.strictSame(budget(2000, 10_000), [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, []])
  t.strictSame(budget(500, 10_000), [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, []])
  t.strictSame(budget(20_000, 10_000), [{ thinking: { type: 'enabled', budget_tokens: 8000 } }, []])
  t.strictSame(budget(500, 400), [{}, ['reasoning.max_tokens']])
})

t.test('thinking goes with neither a forced call nor sampling', async t => {
  t.strictSame(fit(OWN, { ...HIGH, tool_choice: { type: 'any' } }), [{ tool_choice: { type: 'any' } }, ['reasoning_effort']])
  t.strictSame(fit(OWN, { ...HIGH, temperature: 0.2, top_k: 4 }), [HIGH, ['temperature', 'top_k']])
})

t.test('a call can be forced where the model lets it be, and none is thought over', async t => {
  const forced = { tool_choice: { type: 'any', disable_parallel_tool_use: true } } as const
  for (const model of ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-fable-5-1']) {
    const free = { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }
    t.strictSame(fit(model, { ...forced }), [free, ['tool_choice']], model)
    t.strictSame(fit(model, { ...forced, ...HIGH }), [{ ...free, thinking: SHOWN, output_config: { effort: 'high' } }, ['tool_choice']], model)
  }
  for (const model of ['claude-opus-5', 'claude-sonnet-5']) {
    t.strictSame(fit(model, { ...forced }), [{ ...forced, thinking: { type: 'disabled' } }, []], `${model} would think unasked`)
    t.strictSame(fit(model, { ...forced, ...HIGH }), [{ ...forced, thinking: { type: 'disabled' } }, ['reasoning_effort']], model)
  }
  t.strictSame(fit('claude-opus-4-8', { ...forced }), [forced, []])
})

t.test('sampling, as far as the model takes it', async t => {
  t.strictSame(fit(OWN, { temperature: 1.7 }), [{ temperature: 1 }, []], 'a temperature of OpenAI\'s is at most 1')
  const all = { temperature: 0.7, top_p: 0.9, top_k: 5 }
  for (const model of ['claude-opus-4-7', 'claude-opus-4-8', 'claude-sonnet-5', 'claude-fable-5']) t.strictSame(fit(model, { ...all }), [{}, ['temperature', 'top_p', 'top_k']], model)
  t.strictSame(fit('claude-opus-4-8', { temperature: 1, top_p: 1 }), [{}, []], 'what says nothing is no loss')
  for (const model of ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-1', 'claude-opus-4-6', 'claude-sonnet-4-6']) t.strictSame(fit(model, { ...all }), [{ temperature: 0.7, top_k: 5 }, ['top_p']], model)
  t.strictSame(fit('claude-sonnet-4-5', { top_p: 0.9 }), [{ top_p: 0.9 }, []])
  t.strictSame(fit('claude-sonnet-4-5', { temperature: 1, top_p: 0.1 }), [{ top_p: 0.1 }, []])
  t.strictSame(fit('claude-sonnet-4-5', { temperature: 0.2, top_p: 1 }), [{ temperature: 0.2 }, []])
  t.strictSame(fit(OWN, { stop_sequences: ['\n', 'END', ' '] }), [{ stop_sequences: ['END'] }, ['stop']])
})

t.test('the system in the middle speaks in a user\'s turn, and never between a call and its result', async t => {
  const said = (text: string): { role: 'system', content: { type: 'text', text: string }[] } => ({ role: 'system', content: [{ type: 'text', text }] })
  const call = { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: 'a', name: 'look', input: {} }] }
  const result = { type: 'tool_result' as const, tool_use_id: 'a', content: 'blue' }
  const [messages, lost] = messagesOf('claude-haiku-4-5', [USER, call, said('Be brief.'), { role: 'user', content: [result] }, said('Be kind.')])
  t.strictSame(messages, [USER, call, { role: 'user', content: [result, { type: 'text', text: '<system-reminder>\nBe brief.\n</system-reminder>' }, { type: 'text', text: '<system-reminder>\nBe kind.\n</system-reminder>' }] }])
  t.strictSame(lost, [])
})

t.test('results stand before words, in the order of the calls', async t => {
  const calls = { role: 'assistant' as const, content: ['a', 'b'].map(id => ({ type: 'tool_use' as const, id, name: 'look', input: {} })) }
  const result = (id: string): { type: 'tool_result', tool_use_id: string, content: string } => ({ type: 'tool_result', tool_use_id: id, content: id })
  const [messages] = messagesOf(OWN, [USER, calls, { role: 'user', content: [result('b'), ...USER.content] }, { role: 'user', content: [result('a')] }])
  t.strictSame(messages, [USER, calls, { role: 'user', content: [result('a'), result('b'), ...USER.content] }])
})

t.test('the beginning of an answer, where the model goes on with one', async t => {
  const begun = { role: 'assistant' as const, content: [{ type: 'text' as const, text: 'It is  ' }] }
  t.strictSame(messagesOf('claude-sonnet-4-5', [USER, begun]), [[USER, { role: 'assistant', content: [{ type: 'text', text: 'It is' }] }], []])
  t.strictSame(messagesOf('claude-sonnet-4-5', [USER, begun], { ...HIGH }), [[USER], ['messages.prefill']], 'not one that is to think first')
  for (const model of ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-opus-4-8', 'claude-sonnet-5']) t.strictSame(messagesOf(model, [USER, begun]), [[USER], ['messages.prefill']], model)
})

t.test('schemas, in what Anthropic knows of them; the rest in words', async t => {
  const schema: JsonObject = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1, description: 'Of the city' },
      day: { type: 'string', format: 'date' },
      hour: { type: 'string', format: 'hour' },
      kind: { enum: ['a', 'b'] },
      count: { type: ['integer', 'null'], minimum: 0 },
      list: { type: 'array', items: { $ref: '#/$defs/entry' }, minItems: 1, maxItems: 3 },
      either: { oneOf: [{ type: 'string' }, { type: 'object', properties: {} }] }
    },
    required: ['name'],
    $defs: { entry: { type: 'object', properties: { minimum: { type: 'number' } }, additionalProperties: { type: 'string' } } }
  }
  const fitted = {
    type: 'object',
    properties: {
      name: { type: 'string', description: 'Of the city\n\n{minLength: 1}' },
      day: { type: 'string', format: 'date' },
      hour: { type: 'string', description: '{format: "hour"}' },
      kind: { enum: ['a', 'b'] },
      count: { type: ['integer', 'null'], description: '{minimum: 0}' },
      list: { type: 'array', items: { $ref: '#/$defs/entry' }, minItems: 1, description: '{maxItems: 3}' },
      either: { anyOf: [{ type: 'string' }, { type: 'object', properties: {}, additionalProperties: false }] }
    },
    required: ['name'],
    $defs: { entry: { type: 'object', properties: { minimum: { type: 'number' } }, additionalProperties: false } },
    additionalProperties: false
  }
  t.strictSame(fit(OWN, { output_config: { format: { type: 'json_schema', schema } } }), [{ output_config: { format: { type: 'json_schema', schema: fitted } } }, []])
  const tool = { name: 'look', input_schema: schema }
  t.strictSame(fit(OWN, { tools: [tool, { ...tool, strict: true }] })[0], { tools: [tool, { ...tool, strict: true, input_schema: fitted }] }, 'of tools only where calls are held to them')
})
