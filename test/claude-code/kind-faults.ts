import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { KINDS, type KindName } from '../helper/kinds/index.ts'
import { type On, echo, last, reasoning } from './kind-suite.ts'
import { type Act, answer, call, calls, ending, fail, inTurn, say } from './model.ts'

/** A conversation that is too long, as each of them says it. */
const OVERFLOWS: Record<KindName, string> = {
  openai: 'This model\'s maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.',
  openrouter: 'This endpoint\'s maximum context length is 200000 tokens. However, you requested about 264000 tokens (200000 of text input, 64000 in the output). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.',
  vllm: 'This model\'s maximum context length is 60000 tokens. However, your request has 61000 input tokens. Please reduce the length of the input messages.',
  deepseek: 'This model\'s maximum context length is 131072 tokens. However, you requested 140000 tokens (140000 in the messages, 0 in the completion). Please reduce the length of the messages or completion.',
  gemini: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
  anthropic: 'prompt is too long: 210000 tokens > 200000 maximum'
}

/** Claude Code asks for a summary of as much of the conversation as it likes, so at any turn. */
function summarising (act: Act): Act {
  return ask => last(ask)?.text.includes('<summary>') === true ? say('<summary>One was printed before.</summary>')(ask) : act(ask)
}

/** What goes wrong, and how the work goes on. */
export function kindFaults (t: Test, kind: KindName, on: On): void {
  t.test('a rate limit and an overload in the middle of the work are waited out', async t => {
    const times: number[] = []
    const note = (act: Act): Act => ask => {
      times.push(performance.now())
      return act(ask)
    }
    const { code, text, asks } = await on(t, {
      screenplay: {
        'Try hard.': [
          answer({ think: 'Print.' }, ...calls({ id: 'call_0', name: 'Bash', input: echo('one') })),
          note(inTurn(fail(429, 'Slow down.', 2), fail(KINDS[kind].overloaded, 'No capacity.'), say('At last.')))
        ]
      }
    })
    t.equal(code, 0)
    t.equal(text, 'At last.')
    t.equal(asks.length, 4)
    t.ok((times[1] ?? 0) - (times[0] ?? 0) >= 1990, 'as long as the provider said, where a pause of Claude Code\'s own would be shorter')
    t.strictSame(reasoning(asks), [['Print.']])
  })

  t.test('a stream that breaks before anything was complete is made good without a stream', async t => {
    const { code, text, desk, asks } = await on(t, {
      screenplay: {
        'Leave one mark.': [
          inTurn(ending('cut', { think: 'I am about to be cut off.' }), answer({ think: 'Once more.' }, ...calls({ id: 'call_1', name: 'Bash', input: { command: 'echo ran >> marker', description: 'Leave a mark' } }))),
          say('Marked.')
        ]
      }
    })
    t.equal(code, 0)
    t.equal(text, 'Marked.')
    t.strictSame(asks.map(ask => ask.kind.streams(ask.request)), [true, false, true])
    t.equal(existsSync(join(desk.cwd, 'marker')) && await readFile(join(desk.cwd, 'marker'), 'utf8'), 'ran\n')
    t.strictSame(reasoning(asks), [['Once more.']])
  })

  t.test('an error that no repetition mends ends the session at once, and says why', async t => {
    const { code, text, asks } = await on(t, { screenplay: { 'Try once.': [fail(403, 'No such permission.')] } })
    t.not(code, 0)
    t.match(text, 'No such permission.')
    t.equal(asks.length, 1)
  })

  t.test('a conversation that is too long is compacted, and goes on', async t => {
    const acts = [call('call_1', 'Bash', echo('one')), call('call_2', 'Bash', echo('two')), fail(400, OVERFLOWS[kind])]
    const compacted = say('Compacted, and done.')
    const { code, text, events, asks } = await on(t, {
      screenplay: { 'Work for long.': acts.map(summarising), 'One was printed before.': [compacted, compacted, compacted] }
    })
    t.equal(code, 0)
    t.equal(text, 'Compacted, and done.')
    t.equal(asks.length, 5)
    t.ok(events.some(event => event.subtype === 'compact_boundary'))
  })

  t.test('an answer that reached the output limit is gone on with', async t => {
    const { text, asks } = await on(t, { screenplay: { 'Write much.': [ending('length', { say: 'The first half,' }), say('and the second.')] } })
    t.equal(text, 'and the second.')
    t.equal(asks.length, 2)
    t.equal(asks[1]?.said[1]?.text, 'The first half,')
  })
}
