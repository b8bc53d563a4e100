import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { UNSEEN_IMAGE } from '../../src/message/without-images.ts'
import { type TestApp, startApp } from '../helper/app.ts'
import type { KindName } from '../helper/kinds/index.ts'
import { type ClaudeRun, type Desk, newDesk, putFiles, runClaude } from './claude.ts'
import { DAY, PLAY, ROUTER, ROUTER_FILE, RULE_OF, TAG } from './day.ts'
import { PNG } from './media.ts'
import { type Act, type Ask, type Screenplay, call, calls, ending, fail, inTurn, say } from './model.ts'
import { broken, byModel, counted, modelsOf, startModels } from './models.ts'
import { askTitle } from './title.ts'

/** The rules by which requests were routed, in order, from the log. */
function rulesOf (log: TestApp['log']): unknown[] {
  return log.filter(({ route }) => route === '/v1/messages').map(({ rule }) => rule)
}

/** Who spoke, and which calls ran: the same on every wire. */
function workOf ({ said }: Ask): unknown {
  return said.map(({ role, calls, results }) => ({ role, calls, results }))
}

interface PairOptions {
  screenplay: Screenplay
  config: object
  kind?: KindName
  other?: KindName
}

interface Pair extends Pick<TestApp, 'log'> {
  asks: Ask[]
  desk: Desk
  run (prompt: string, args?: string[]): Promise<ClaudeRun>
}

/** Two providers, `one` of this kind and `two` of the other, with a model of the same name each. */
async function pair (t: Test, { screenplay, config, kind = 'openrouter', other = 'openrouter' }: PairOptions): Promise<Pair> {
  const asks: Ask[] = []
  const one = await startModels(t, { name: 'one', kind, models: ['one', 'spare'], screenplay, asks })
  const two = await startModels(t, { name: 'two', kind: other, models: ['two'], screenplay, asks })
  const { url, log } = await startApp(t, { config: { Providers: [one, two], ...config } })
  const desk = await newDesk(t)
  return { asks, log, desk, run: (prompt, args = []) => runClaude(t, url, { prompt, desk, args }) }
}

t.test('a day\'s work reaches every scenario', async t => {
  const asks: Ask[] = []
  const day = await startModels(t, { name: 'day', models: Object.keys(RULE_OF), screenplay: PLAY, asks })
  const native = await startModels(t, { name: 'native', kind: 'anthropic', models: ['tagged-native'], screenplay: PLAY, asks })
  const { url, log } = await startApp(t, {
    config: {
      Providers: [{ ...day, capabilities: { default: { vision: false } } }, native],
      Router: ROUTER,
      CUSTOM_ROUTER_PATH: join(t.testdir({ 'router.cjs': ROUTER_FILE }), 'router.cjs')
    }
  })
  const desk = await newDesk(t)
  for (const { prompt, begins, model = 'work', args = [], env = {}, files = {}, answer, asked } of DAY) {
    await putFiles(desk, files)
    const before = asks.length
    const run = await runClaude(t, url, { prompt, desk, env, args: ['--model', model, ...args, ...begins ? [] : ['--continue']] })
    t.equal(run.code, 0, prompt)
    t.equal(run.text, answer)
    t.strictSame(modelsOf(asks.slice(before)), asked, prompt)
  }
  t.equal(await askTitle(url, 'The title of: Begin the day.'), '{"title":"A day of work"}')
  t.equal(asks.at(-1)?.body.model, 'background', 'the title of an interactive session')

  const models = modelsOf(asks)
  t.strictSame(Object.keys(RULE_OF).filter(model => !models.includes(model)), [], 'no model had the day off')
  t.strictSame(rulesOf(log), models.map(model => RULE_OF[model]))
  const seen = models.indexOf('image')
  t.strictSame(asks[seen]?.said.at(-1)?.media, [PNG.toString('base64')])
  t.strictSame(asks.slice(seen + 1, seen + 2).flatMap(ask => ask.said.flatMap(({ media }) => media)), [], 'who cannot see gets no image of an earlier turn')
  t.ok(asks[seen + 1]?.request.raw.includes(UNSEEN_IMAGE))
  t.ok(asks.filter(({ body }) => body.model === 'tagged').every(({ request }) => request.raw.includes('You are the tester.')))
  t.ok(asks.filter(({ body }) => body.model === 'tagged-native').every(({ request }) => request.raw.includes('You are the writer.')))
  t.notOk(asks.some(({ request }) => request.raw.includes(TAG)), 'the tag is not for the model')
})

t.test('where nothing is set for the background, a haiku goes by its tier', async t => {
  const { run, asks, log } = await pair(t, { screenplay: { 'Be quick.': [say('Quick.')] }, config: { Router: { default: 'one,one', haiku: 'two,two' } } })
  const { code, text } = await run('Be quick.', ['--model', 'haiku'])
  t.equal(code, 0)
  t.equal(text, 'Quick.')
  t.strictSame(modelsOf(asks), ['two'])
  t.strictSame(rulesOf(log), ['haiku'])
})

const FALLBACK = { Router: { default: 'one,one' }, fallback: { default: ['two,two'] }, Failover: { backoff: 10, coolDown: 60_000 } }

const reset: Act = ({ response }) => { response.socket?.resetAndDestroy() }

for (const kind of ['openrouter', 'anthropic'] as const) {
  t.test(`${kind} fails before it says anything, and another answers: Claude Code learns nothing of it`, async t => {
    const { run, asks, log } = await pair(t, {
      kind,
      screenplay: {
        'Be overloaded.': [
          byModel({ one: fail(529, 'Overloaded.'), two: say('Not overloaded.') }),
          byModel({ one: reset, two: say('Not reset.') }),
          byModel({ one: ending('cut'), two: say('Not cut.') }),
          byModel({ two: say('At once.') })
        ]
      },
      config: FALLBACK
    })
    const steps = [
      ['Be overloaded.', 'Not overloaded.', ['one', 'two']],
      ['Be reset.', 'Not reset.', ['one', 'one', 'two']],
      ['Be cut.', 'Not cut.', ['one', 'one', 'two']],
      // It failed five times in a row, and rests.
      ['Be resting.', 'At once.', ['two']]
    ] as const
    for (const [i, [prompt, answer, asked]] of steps.entries()) {
      const before = asks.length
      const { code, text } = await run(prompt, i === 0 ? [] : ['--continue'])
      t.equal(code, 0, prompt)
      t.equal(text, answer)
      t.strictSame(modelsOf(asks.slice(before)), asked, prompt)
      t.equal(rulesOf(log).length, i + 1, 'Claude Code asked once')
    }
  })

  t.test(`${kind} breaks off in the middle of its words: Claude Code is told, and asks again`, async t => {
    const { run, asks } = await pair(t, { kind, screenplay: { 'Speak.': [inTurn(broken({ say: 'Half of it, and' }), say('All of it.'))] }, config: FALLBACK })
    const { code, text } = await run('Speak.')
    t.equal(code, 0)
    t.equal(text, 'All of it.')
    t.strictSame(asks.map(({ kind, request, body }) => [body.model, kind.streams(request)]), [['one', true], ['one', false]], 'nothing is repeated behind its back')
  })

  t.test(`${kind} breaks off behind words that were complete: Claude Code shows the error, and runs no half call`, async t => {
    const half = calls({ id: 'call_0', name: 'Bash', input: { command: 'echo ran >> marker', description: 'Leave a mark' } })
    const { run, asks, desk } = await pair(t, { kind, screenplay: { 'Speak and act.': [broken({ say: 'I leave a mark.' }, ...half)] }, config: FALLBACK })
    const { code, text } = await run('Speak and act.')
    t.not(code, 0)
    t.match(text, /API Error/)
    t.strictSame(modelsOf(asks), ['one'])
    t.notOk(existsSync(join(desk.cwd, 'marker')))
  })
}

const OVERFLOWS = [
  ['openrouter', 'This endpoint\'s maximum context length is 200000 tokens. However, you requested about 200001 tokens (200001 of text input, 0 in the output). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.'],
  ['anthropic', 'prompt is too long: 200001 tokens > 200000 maximum']
] as const

for (const [kind, words] of OVERFLOWS) {
  t.test(`a conversation that is too long for ${kind} goes on with longContext, and is not compacted`, async t => {
    const { run, asks, log } = await pair(t, {
      kind,
      other: 'anthropic',
      screenplay: {
        'Work for long.': [
          call('call_0', 'Bash', { command: 'echo one', description: 'Print' }),
          byModel({ one: fail(400, words), two: counted('It fits.', 200_001) }),
          say('And fits.')
        ]
      },
      config: { ...FALLBACK, Router: { default: 'one,one', longContext: 'two,two' }, fallback: { default: ['one,spare'] } }
    })
    const first = await run('Work for long.')
    t.equal(first.code, 0)
    t.equal(first.text, 'It fits.')
    t.strictSame(modelsOf(asks), ['one', 'one', 'two'], 'no fallback, and no second try')
    t.strictSame(...asks.slice(1, 3).map(workOf) as [unknown, unknown], 'the whole conversation')
    const second = await run('And on.', ['--continue'])
    t.equal(second.code, 0)
    t.equal(second.text, 'And fits.')
    t.strictSame(modelsOf(asks.slice(3)), ['two'], 'its size is known now')
    t.strictSame(rulesOf(log), ['default', 'default', 'longContext'])
    t.notOk([first, second].some(({ events }) => events.some(({ subtype }) => subtype === 'compact_boundary')))
  })
}
