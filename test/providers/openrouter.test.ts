import t from 'tap'
import type { ModelReasoning, ProbeResult, Target } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import { type TargetOptions, chunk, decode, encode, pairNamed, targetOf } from '../helper/pairs.ts'

/** OpenRouter's own ways, through its pair (shared ways of the wire: openai-compatible/). */

type Thinking = MessagesRequest['thinking']
const off: Thinking = { type: 'disabled' }
const enabled = (budget: number): Thinking => ({ type: 'enabled', budget_tokens: budget })

t.test('OpenRouter: thinking is switched off only where the model can be without', async t => {
  const always = ['openai/gpt-5', 'openai/gpt-5-mini', 'openai/o3', 'openai/gpt-oss-120b', 'google/gemini-3-pro-preview', 'google/gemini-2.5-pro', 'deepseek/deepseek-r1:free', 'minimax/minimax-m2', 'x-ai/grok-4', 'moonshotai/kimi-k2-thinking', 'qwen/qwen3-next-80b-a3b-thinking:nitro']
  for (const model of always) {
    const { body, dropped } = encode('openrouter', { thinking: off }, { model })
    t.equal(body['reasoning'], undefined, model)
    t.strictSame(dropped, ['thinking'])
  }
  for (const model of ['anthropic/claude-sonnet-4.5', 'openai/gpt-5.1', 'openai/gpt-4o', 'openai/gpt-5-chat', 'google/gemini-2.5-flash', 'deepseek/deepseek-v3.2', 'x-ai/grok-4-fast', 'x-ai/grok-4.1-fast']) {
    const { body, dropped } = encode('openrouter', { thinking: off }, { model })
    t.strictSame(body['reasoning'], { enabled: false }, model)
    t.strictSame(dropped, [])
  }
})

t.test('OpenRouter: what its list says of a model stands above the name', async t => {
  const model = 'vendor/model'
  const told = (traits: Partial<ModelReasoning>): TargetOptions => ({ model, rest: { facts: { contextWindows: new Map(), reasoning: new Map([[model, { mandatory: false, budget: true, efforts: undefined, ...traits }]]) } } })
  const cases: [string, Thinking, string | undefined, Partial<ModelReasoning>, object | undefined, string[]][] = [
    ['off', off, undefined, {}, { enabled: false }, []],
    ['off, which it cannot', off, undefined, { mandatory: true }, undefined, ['thinking']],
    ['off, which it cannot, with effort', off, 'low', { mandatory: true }, undefined, ['thinking', 'output_config.effort']],
    ['on, which it is anyway', { type: 'adaptive' }, undefined, { mandatory: true }, { enabled: true }, []],
    ['a budget', enabled(5000), undefined, {}, { max_tokens: 5000 }, []],
    ['no budgets: a small one', enabled(1024), undefined, { budget: false }, { effort: 'low' }, []],
    ['no budgets: half', enabled(5000), undefined, { budget: false }, { effort: 'medium' }, []],
    ['no budgets: nearly all', enabled(9999), undefined, { budget: false }, { effort: 'high' }, []],
    ['no budgets: nearly all, of its own efforts', enabled(9999), undefined, { budget: false, efforts: ['none', 'minimal', 'medium', 'xhigh'] }, { effort: 'xhigh' }, []],
    ['no budgets: the client names the effort', enabled(9999), 'low', { budget: false }, { effort: 'low' }, []],
    ['neither budgets nor efforts', enabled(9999), undefined, { budget: false, efforts: [] }, { enabled: true }, []],
    ['no efforts', { type: 'adaptive' }, 'high', { efforts: [] }, { enabled: true }, ['output_config.effort']]
  ]
  for (const [name, thinking, effort, traits, expected, lost] of cases) {
    const { body, dropped } = encode('openrouter', { max_tokens: 10_000, thinking, ...(effort !== undefined && { output_config: { effort } }) }, told(traits))
    t.strictSame(body['reasoning'], expected, name)
    t.strictSame(dropped, lost, name)
  }
  const variant = encode('openrouter', { thinking: off }, { ...told({ mandatory: true }), model: `${model}:nitro` })
  t.equal(variant.body['reasoning'], undefined, 'a variant is the same model')
})

t.test('OpenRouter: a look at its list', async t => {
  const target = targetOf('openrouter')
  const look = async (status: number, body: unknown, { provider }: Target = target): Promise<{ result: ProbeResult | undefined, url: string, headers: object }> => {
    let asked = { url: '', headers: {} }
    const result = await pairNamed('openrouter').probe?.(provider, async (url, headers) => {
      asked = { url: url.href, headers }
      return { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
    })
    return { result, ...asked }
  }
  const data = [
    { id: 'openai/gpt-5', reasoning: { supported_efforts: ['minimal', 'low', 'medium', 'high'], default_effort: 'medium', default_enabled: true, supports_max_tokens: false, mandatory: true } },
    { id: 'anthropic/claude-opus-4.6', reasoning: { supported_efforts: null, supports_max_tokens: true, mandatory: false } },
    { id: 'a/b', reasoning: { mandatory: false } },
    { id: 'a/plain', context_length: 8192 },
    { id: 7, reasoning: 'x' }
  ]
  const good = await look(200, { data })
  t.equal(good.url, 'http://127.0.0.1/v1/models')
  t.match(good.headers, { authorization: 'Bearer upstream-secret' })
  t.strictSame(good.result, {
    facts: {
      contextWindows: new Map(),
      reasoning: new Map<string, ModelReasoning>([
        ['openai/gpt-5', { mandatory: true, budget: false, efforts: ['minimal', 'low', 'medium', 'high'] }],
        ['anthropic/claude-opus-4.6', { mandatory: false, budget: true, efforts: undefined }],
        ['a/b', { mandatory: false, budget: false, efforts: [] }]
      ])
    }
  })
  const cases: [string, number, unknown, object][] = [
    ['a wrong key', 401, '{}', { problem: /api_key.*401/, facts: undefined }],
    ['a broken server', 502, 'bad gateway', { problem: /502/, facts: undefined }],
    ['a mirror without a list', 404, '{}', { facts: target.provider.facts, problem: /list of models/ }],
    ['a page', 200, '<html></html>', { facts: target.provider.facts, problem: /list of models/ }]
  ]
  for (const [name, status, body, expected] of cases) t.match((await look(status, body)).result, expected, name)
})

t.test('OpenRouter: reasoning returns to models of the vendor that made it, and to no other', async t => {
  const detail = { type: 'reasoning.text', text: 'Hm.', signature: 'sig==', index: 0, format: 'anthropic-claude-v1' }
  const { message } = decode([chunk({ reasoning_details: [detail] }), chunk({ content: 'So.' }), chunk({}, 'stop')], { pair: 'openrouter', model: 'anthropic/claude-opus-4.6' })
  const messages = [{ role: 'user', content: 'a' }, { role: 'assistant', content: message?.content }, { role: 'user', content: 'b' }]
  const sent = (model: string): unknown => encode('openrouter', { messages }, { model }).messages[1]
  for (const model of ['anthropic/claude-opus-4.6', 'anthropic/claude-sonnet-4.5:nitro', '~anthropic/claude-opus-latest']) t.match(sent(model), { reasoning_details: [detail] }, model)
  for (const model of ['google/gemini-3-pro-preview', 'openai/gpt-5', 'openrouter/auto']) t.strictSame(sent(model), { role: 'assistant', content: 'So.' }, model)
})
