import type { Test } from 'tap'
import type { KindName } from '../helper/kinds/index.ts'
import { type On, inOrder, last, reasoning } from './kind-suite.ts'
import { PDF, PNG } from './media.ts'
import { answer, call, calls, say } from './model.ts'

/** Answers, calls and what was read. */
export function kindAnswers (t: Test, kind: KindName, on: On): void {
  t.test('an answer is shown whole, and the session goes on with its reasoning', async t => {
    const text = 'Grüße: 数字 and an emoji 👩🏽‍💻.\n\nThen a second paragraph with `code` and "quotes".'
    const { code, text: shown, events, asks, goOn } = await on(t, { screenplay: { 'Say something.': [answer({ think: 'I shall – 数 👍 – greet.\n' }, { say: text }), say('Still here.')] } })
    t.equal(code, 0)
    t.equal(shown, text)
    t.match(events.find(event => event.type === 'result'), { is_error: false, num_turns: 1, usage: { input_tokens: 10, output_tokens: 5 } })
    const second = await goOn('Are you there?')
    t.equal(second.text, 'Still here.')
    t.equal(asks.length, 2)
    t.strictSame(asks[1]?.said.map(({ role }) => role), ['user', 'assistant', 'user'])
    t.equal(asks[1]?.said[1]?.text, text)
    t.strictSame(reasoning(asks), [['I shall – 数 👍 – greet.\n']])
  })

  t.test('calls run, alone and in parallel, and every answer keeps its own reasoning', async t => {
    const { code, text, asks } = await on(t, {
      files: { 'first.txt': 'alpha\n', 'second.txt': 'beta\n' },
      screenplay: {
        'Go on thinking.': [
          answer({ think: 'First print.' }, { say: 'Let me see.' }, { call: { id: 'call_a', name: 'Bash', input: { command: 'printf "%s\\n" "one \\"two\\"" && echo $((6 * 7))', description: 'Print' }, size: 2 } }),
          answer({ think: 'Then both files.' }, ...calls({ id: 'call_b', name: 'Read', input: { file_path: 'first.txt' } }, { id: 'call_c', name: 'Read', input: { file_path: 'second.txt' } }, { id: 'call_d', name: 'Read', input: { file_path: 'missing.txt' } })),
          answer({ think: 'Print again.' }, ...calls({ id: 'call_e', name: 'Bash', input: { command: 'true', description: 'Print nothing' } })),
          say('42, alpha, beta.')
        ]
      }
    })
    t.equal(code, 0)
    t.equal(text, '42, alpha, beta.')
    t.equal(asks.length, 4)
    t.strictSame(last(asks[1])?.results, [{ id: 'call_a', text: 'one "two"\n42' }])
    t.match(inOrder(kind, last(asks[2])?.results), [{ id: 'call_b', text: /alpha/ }, { id: 'call_c', text: /beta/ }, { id: 'call_d', text: /not exist/ }])
    t.match(last(asks[3])?.results, [{ id: 'call_e', text: /./ }])
    t.equal(asks[3]?.said[1]?.text, 'Let me see.')
    t.strictSame(asks[3]?.said.flatMap(({ calls }) => calls.map(({ id, name }) => `${id} ${name}`)), ['call_a Bash', 'call_b Read', 'call_c Read', 'call_d Read', 'call_e Bash'])
    t.strictSame(reasoning(asks), [['First print.'], ['Then both files.'], ['Print again.']])
    t.notOk(asks.some(ask => ask.request.raw.includes('sy1.')), 'the envelope stays between gateway and client')
  })

  t.test('a picture that was read reaches the model, byte for byte', async t => {
    const reads = calls({ id: 'call_0', name: 'Read', input: { file_path: 'red.png' } }, { id: 'call_1', name: 'Read', input: { file_path: 'note.txt' } })
    const { text, asks } = await on(t, { files: { 'red.png': PNG, 'note.txt': 'a note\n' }, screenplay: { 'What colour is it?': [answer(...reads), say('Red.')] } })
    t.equal(text, 'Red.')
    t.strictSame(last(asks[1])?.media, [PNG.toString('base64')])
    t.match(inOrder(kind, last(asks[1])?.results), [{ id: 'call_0' }, { id: 'call_1', text: /a note/ }])
  })

  t.test('a PDF that was read reaches the model beside the result, or the user learns that it cannot', async t => {
    const { text, asks } = await on(t, {
      files: { 'paper.pdf': PDF },
      screenplay: { 'What does it say?': [call('call_0', 'Read', { file_path: 'paper.pdf' }), say('Nothing.')] }
    })
    if (kind === 'vllm' || kind === 'deepseek') {
      t.match(text, /application\/pdf cannot be read/)
      t.equal(asks.length, 1)
    } else {
      t.equal(text, 'Nothing.')
      t.strictSame(last(asks[1])?.media, [PDF.toString('base64')])
      t.match(last(asks[1])?.results, [{ id: 'call_0' }])
    }
  })
}
