import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startApp } from '../helper/app.ts'
import type { KindName } from '../helper/kinds/index.ts'
import type { Piece } from '../helper/kinds/kind.ts'
import { newDesk, runClaude } from './claude.ts'
import { type Act, answer, callDeltas, calls, reply, resultsOf, say, textOf } from './model.ts'
import { modelOf, session } from './session.ts'

t.test('of two subagents the faster one does not get ahead of the slower in the conversation', async t => {
  const late: Act = async ask => {
    await pause(300)
    return say('The slow one is done.')(ask)
  }
  const agent = (name: string): string => JSON.stringify({ description: `The ${name} one`, prompt: `Be ${name}, subagent!`, subagent_type: 'Explore' })
  const { text, asks } = await session(t, {
    screenplay: {
      'Send two.': [
        reply([...callDeltas(0, 'call_slow', 'Agent', agent('slow'), 9), ...callDeltas(1, 'call_fast', 'Agent', agent('fast'), 9)]),
        say('Both are back.')
      ],
      'Be slow, subagent!': [late],
      'Be fast, subagent!': [say('The fast one is done.')]
    }
  })
  t.equal(text, 'Both are back.')
  const [slow, fast] = asks[3] ? resultsOf(asks[3]) : []
  t.match([slow?.tool_call_id, fast?.tool_call_id], ['call_slow', 'call_fast'])
  t.match(textOf(slow), /The slow one is done\./)
  t.match(textOf(fast), /The fast one is done\./)
})

t.test('a session moves from provider to provider, and each gets its own reasoning back and no other\'s', async t => {
  const route: KindName[] = ['gemini', 'deepseek', 'anthropic', 'vllm', 'openrouter', 'gemini', 'anthropic', 'deepseek']
  const both = (n: number): Piece[] => calls(...['a', 'b'].map(letter => ({ id: `call_${n}${letter}`, name: 'Bash', input: { command: `echo ${n}${letter}`, description: 'Print' } })))
  const thought = (n: number): string => `The thought of turn ${n}.`
  const { goOn, asks, text } = await session(t, {
    kind: 'gemini',
    others: ['deepseek', 'anthropic', 'vllm', 'openrouter'],
    args: ['--model', modelOf('gemini')],
    screenplay: { 'Begin the journey.': route.flatMap((_, n) => [answer({ think: thought(n) }, ...both(n)), say(`Turn ${n} is done.`)]) }
  })
  t.equal(text, 'Turn 0 is done.')
  for (const [n, kind] of route.entries()) {
    if (n === 0) continue
    const run = await goOn('And on.', ['--model', modelOf(kind)])
    t.equal(run.text, `Turn ${n} is done.`)
  }
  t.strictSame(asks.map(({ kind }) => kind.name), route.flatMap(kind => [kind, kind]))
  for (const [i, { kind, request, said }] of asks.entries()) {
    const now = Math.floor(i / 2)
    const expected = route.flatMap((name, n) => name === kind.name && (n < now || (n === now && i % 2 === 1)) ? [thought(n)] : [])
    t.strictSame(said.flatMap(({ reasoning }) => reasoning), expected, `request ${i}, to ${kind.name}`)
    t.strictSame(route.flatMap((name, n) => name !== kind.name && request.raw.includes(thought(n)) ? [n] : []), [], 'nothing of the others')
  }
})

t.test('the built-in demo answers without any provider', async t => {
  // A config.json in the developer's working directory would take the place of the demo.
  t.chdir(t.testdir())
  const { url } = await startApp(t)
  const { code, text } = await runClaude(t, url, { prompt: 'hi', desk: await newDesk(t) })
  t.equal(code, 0)
  t.match(text, /Switchyard demo/)
})
