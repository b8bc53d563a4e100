import t from 'tap'
import type { ChatAssistantMessage } from '../../src/wire/openai-chat.ts'
import type { JsonObject } from '../../src/wire/json.ts'
import { type Ask, type Delta, callDeltas, reply, resultsOf, say, textOf } from './model.ts'
import { session } from './session.ts'

const BASH = callDeltas(0, 'call_1', 'Bash', JSON.stringify({ command: 'echo done', description: 'Print' }), 10)

/** The assistant messages of the last request. */
function answers (asks: Ask[]): ChatAssistantMessage[] {
  return asks.at(-1)?.body.messages.filter(message => message.role === 'assistant') ?? []
}

/** As OpenRouter streams it: the text in both fields. */
function thought (text: string, detail: JsonObject): Delta {
  return { content: '', reasoning: text, reasoning_details: [{ ...detail, text }] }
}

const CLAUDE = { type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0 }
const SIGNATURE = `EqoBCkgIARABGAIiQ${'a/+='.repeat(2000)}`

t.test('signed reasoning is shown, and goes back as it came', async t => {
  const { text, events, asks } = await session(t, {
    screenplay: {
      'Think, then act.': [
        reply([
          thought('I should ', CLAUDE),
          thought('print “done” – 数 👍.\n', CLAUDE),
          { content: '', reasoning_details: [{ ...CLAUDE, text: '', signature: SIGNATURE }] },
          { content: 'Let me see.' },
          ...BASH
        ]),
        say('It is done.')
      ]
    }
  })
  t.equal(text, 'It is done.')
  t.match(shown(events), ['I should print “done” – 数 👍.\n'])
  t.match(answers(asks), [{ content: 'Let me see.', tool_calls: [{ id: 'call_1' }] }])
  t.strictSame(answers(asks)[0]?.reasoning_details, [{ ...CLAUDE, text: 'I should print “done” – 数 👍.\n', signature: SIGNATURE }])
  t.notOk(JSON.stringify(asks[1]?.body).includes('sy1.'), 'the envelope stays between gateway and client')
})

/** Thinking that Claude Code saw. */
function shown (events: { [field: string]: unknown }[]): string[] {
  return events.flatMap(event => {
    const { content } = (event['message'] ?? {}) as { content?: { type: string, thinking?: string }[] | string }
    return Array.isArray(content) ? content.flatMap(block => block.type === 'thinking' ? [block.thinking ?? ''] : []) : []
  })
}

t.test('every turn keeps its own reasoning, over several turns', async t => {
  const turn = (n: number): Delta[] => [
    thought(`Thought ${n}.`, { ...CLAUDE, id: `r_${n}` }),
    { reasoning_details: [{ ...CLAUDE, id: `r_${n}`, text: '', signature: `signature-${n}` }] },
    ...callDeltas(0, `call_${n}`, 'Bash', JSON.stringify({ command: `echo ${n}`, description: 'Print' }), 50)
  ]
  const { asks } = await session(t, { screenplay: { 'Go on thinking.': [reply(turn(0)), reply(turn(1)), reply(turn(2)), say('End.')] } })
  t.equal(asks.length, 4)
  t.strictSame(answers(asks).map(answer => answer.reasoning_details), [0, 1, 2].map(n => [{ ...CLAUDE, id: `r_${n}`, text: `Thought ${n}.`, signature: `signature-${n}` }]))
})

const ENCRYPTED = { type: 'reasoning.encrypted', data: 'gAAAA+/=', format: 'openai-responses-v1', id: 'rs_1', index: 0 }

t.test('reasoning that nobody can read goes back as well', async t => {
  const { text, asks } = await session(t, { screenplay: { 'Think in secret.': [reply([{ reasoning_details: [ENCRYPTED] }, ...BASH]), say('Done.')] } })
  t.equal(text, 'Done.')
  t.strictSame(answers(asks)[0]?.reasoning_details, [ENCRYPTED])
})

t.test('a summary and the encrypted whole of it stay together, in order', async t => {
  const summary = { type: 'reasoning.summary', format: 'openai-responses-v1', index: 0 }
  const { events, asks } = await session(t, {
    screenplay: {
      'Summarise.': [
        reply([
          { reasoning: '**Plan', reasoning_details: [{ ...summary, summary: '**Plan' }] },
          { reasoning: 'ning**', reasoning_details: [{ ...summary, summary: 'ning**' }] },
          { reasoning_details: [ENCRYPTED] },
          ...BASH
        ]),
        say('Done.')
      ]
    }
  })
  t.match(shown(events), ['**Planning**'])
  t.strictSame(answers(asks)[0]?.reasoning_details, [{ ...summary, summary: '**Planning**' }, ENCRYPTED])
})

t.test('what comes behind the call is not lost: Gemini by way of OpenRouter', async t => {
  const late = { type: 'reasoning.encrypted', data: 'Ev4GCvsG', format: 'google-gemini-v1', id: 'call_1', index: 0 }
  const plain = { type: 'reasoning.text', format: 'google-gemini-v1', index: 0 }
  const { text, asks } = await session(t, {
    screenplay: { 'Sign late.': [reply([thought('A plan.', plain), ...BASH, { content: '', reasoning_details: [late] }]), say('Done.')] }
  })
  t.equal(text, 'Done.')
  t.strictSame(asks[1] && resultsOf(asks[1]).map(textOf), ['done'])
  t.strictSame(answers(asks)[0]?.reasoning_details, [{ ...plain, text: 'A plan.' }, late])
})

t.test('the same, where the late detail is all the reasoning there is', async t => {
  const late = { type: 'reasoning.encrypted', data: 'Ev4GCvsG', format: 'google-gemini-v1', id: 'call_1', index: 0 }
  const { text, asks } = await session(t, { screenplay: { 'Sign late only.': [reply([...BASH, { content: '', reasoning_details: [late] }]), say('Done.')] } })
  t.equal(text, 'Done.')
  t.strictSame(asks[1] && resultsOf(asks[1]).map(textOf), ['done'])
  t.strictSame(answers(asks)[0]?.reasoning_details, [late])
})

t.test('the same behind an answer in words, which it does not hide', async t => {
  const late = { type: 'reasoning.encrypted', data: 'Ev4GCvsG', format: 'google-gemini-v1', index: 0 }
  const plain = { type: 'reasoning.text', format: 'google-gemini-v1', index: 0 }
  const { text, asks, goOn } = await session(t, {
    screenplay: { 'Sign the words.': [reply([thought('A plan.', plain), { content: 'All is ' }, { content: 'well.' }, { content: '', reasoning_details: [late] }]), say('Still well.')] }
  })
  t.equal(text, 'All is well.', 'Claude Code takes the last block for the answer')
  await goOn('And now?')
  t.strictSame(answers(asks)[0]?.reasoning_details, [{ ...plain, text: 'A plan.' }, late])
})

t.test('plain reasoning goes back in the field that it came in', async t => {
  const { asks } = await session(t, {
    kind: 'openai',
    screenplay: { 'Think plainly.': [reply([{ reasoning_content: 'Hmm, ' }, { reasoning_content: 'print it.' }, ...BASH]), say('Done.')] }
  })
  t.match(answers(asks), [{ reasoning_content: 'Hmm, print it.', reasoning_details: undefined, reasoning: undefined }])
})
