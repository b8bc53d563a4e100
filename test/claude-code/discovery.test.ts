import t from 'tap'
import { startApp } from '../helper/app.ts'
import { until } from '../helper/until.ts'
import { type Received, answer, json, startUpstream } from '../helper/upstream.ts'
import { newDesk } from './claude.ts'
import { HAS_TMUX, Terminal } from './terminal.ts'

/** The interactive Claude Code: the models that it finds, and what it says of its context. Only a terminal shows these. */

const DISCOVERY = { CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1' }
const COUNTED = 4

t.test('Claude Code finds the gateway\'s models, asks the one that is chosen, and knows its context', { skip: HAS_TMUX ? false : 'there is no tmux' }, async t => {
  const asked: Received[] = []
  const counted: Received[] = []
  const upstream = await startUpstream(t, (response, request) => {
    if (request.method === 'GET') return json(response, {}, 404)
    if (request.path !== '/tokenize') return answer(response, asked[asked.push(request) - 1] as Received, 'Hello from the model.')
    counted.push(request)
    json(response, { count: Math.ceil(request.raw.length / COUNTED), max_model_len: 1_000_000, tokens: [] })
  })
  const { url, log } = await startApp(t, {
    config: {
      Providers: [
        { name: 'gpu', api_base_url: `${upstream.url}/v1`, models: ['z-ai/glm-4.7', 'long'], capabilities: { long: { contextWindow: 1_000_000 } }, transformer: { use: ['vllm'] } }
      ],
      Router: { default: 'gpu,z-ai/glm-4.7', think: 'gpu,long' }
    }
  })
  const requests = (route: string): Record<string, unknown>[] => log.filter(line => line['route'] === route)
  const terminal = await Terminal.open(t, url, await newDesk(t), DISCOVERY)
  await terminal.shows(/❯/)
  await until('the models were asked for', () => requests('/v1/models').length > 0)
  t.match(requests('/v1/models'), [{ method: 'GET', status: 200 }])

  await terminal.enter('/model')
  const shown = await terminal.shows(/From gateway/)
  for (const name of ['think: long (gpu)', 'default: z-ai/glm-4.7 (gpu)', 'z-ai/glm-4.7 (gpu)', 'long (gpu)']) {
    t.match(shown, new RegExp(`\\d\\. ${name.replace(/[()/.]/g, '\\$&')} +From gateway`))
  }
  await terminal.press(/(\d)\. think: long/.exec(shown)?.[1] ?? '')
  await terminal.shows(/Set model to think: long \(gpu\)/)

  await terminal.enter('Say hello.')
  await terminal.shows(/Hello from the model\./)
  const [conversation] = asked.filter(({ raw }) => raw.includes('Say hello.') && raw.includes('"tools"'))
  t.equal(conversation?.body.model, 'long')
  t.ok(requests('/v1/messages').some(({ rule, status }) => rule === 'think' && status === 200), 'by the rule that its name stands for')

  const before = asked.length
  await terminal.enter('/context')
  const context = await terminal.shows(/Free space: /)
  t.match(context, /claude\/switchyard\/think\[1m\]/)
  t.match(context, /\d+k?\/1m tokens \(/, 'its window is the model\'s, not that of an unknown one')
  const tools = counted.filter(({ raw }) => raw.length > 10_000).reduce((sum, { raw }) => sum + raw.length / COUNTED / 1000, 0)
  const told = Number(/System tools: ([\d.]+)k tokens/.exec(context)?.[1])
  t.ok(told > 5 && Math.abs(told / tools - 1) < 0.2, `${told}k, of the ${tools.toFixed(1)}k that were counted`)
  const counts = requests('/v1/messages/count_tokens')
  t.ok(counts.length >= 8 && counts.every(({ status, rule }) => status === 200 && rule === 'think'), `${counts.length} counts`)
  t.ok(counted.length > 0 && counted.length <= counts.length)
  t.equal(asked.length, before, 'no request was paid for a count')
})
