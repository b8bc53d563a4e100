import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import type { ChatMessage, ChatRequest } from '../../src/wire/openai-chat.ts'
import { startApp } from '../helper/app.ts'
import { newDesk, runClaude } from './claude.ts'
import { type Act, call, callDeltas, reply, resultsOf, say, textOf } from './model.ts'
import { session } from './session.ts'

t.test('a subagent works with tools of its own, and its answer reaches the main loop', async t => {
  const { code, text, asks } = await session(t, {
    screenplay: {
      'Have it counted.': [
        call('call_agent', 'Agent', { description: 'Count the files', prompt: 'Count, subagent!', subagent_type: 'general-purpose' }),
        say('There are 2.')
      ],
      'Count, subagent!': [call('call_ls', 'Bash', { command: 'ls | wc -l', description: 'Count' }), say('I counted 2 files.')]
    },
    files: { a: 'a', b: 'b' }
  })
  t.equal(code, 0)
  t.equal(text, 'There are 2.')
  t.equal(asks.length, 4)
  t.match(asks[2] && resultsOf(asks[2]).map(textOf), [/^\s*2$/])
  t.match(asks[3] && resultsOf(asks[3]), [{ tool_call_id: 'call_agent' }])
  t.match(asks[3] && resultsOf(asks[3]).map(textOf), [/I counted 2 files\./])
  t.match(asks[3]?.body.messages.at(-1)?.role, 'tool')
})

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

t.test('a long session stays legal: failures, nothing printed, system messages, and a second prompt', async t => {
  const { goOn, asks, code, text } = await session(t, {
    files: { 'note.txt': 'a note\n' },
    screenplay: {
      'Begin the work.': [
        call('call_0', 'Bash', { command: 'true', description: 'Print nothing' }),
        call('call_1', 'Bash', { command: 'echo oh no >&2; exit 3', description: 'Fail' }),
        reply([
          { content: 'Three at once.' },
          ...callDeltas(0, 'call_2', 'Read', '{"file_path":"missing.txt"}', 5),
          ...callDeltas(1, 'call_3', 'Read', '{"file_path":"note.txt"}', 5),
          ...callDeltas(2, 'call_4', 'NoSuchTool', '{}', 5)
        ]),
        call('call_5', 'Bash', { description: 'The command is missing' }),
        reply(callDeltas(0, 'call_6', 'TaskList', '', 5)),
        call('call_7', 'Write', { file_path: 'new.txt', content: 'new\n' }),
        say('The first part is done.'),
        call('call_8', 'Read', { file_path: 'new.txt' }),
        say('All is done.')
      ]
    }
  })
  t.equal(code, 0)
  t.equal(text, 'The first part is done.')
  const second = await goOn('ultrathink: and now the rest.')
  t.equal(second.code, 0)
  t.equal(second.text, 'All is done.')
  t.equal(asks.length, 9)

  const last = asks.at(-1)?.body.messages ?? []
  const results = last.filter((message): message is Extract<ChatMessage, { role: 'tool' }> => message.role === 'tool')
  t.strictSame(results.map(result => result.tool_call_id), [0, 1, 2, 3, 4, 5, 6, 7, 8].map(n => `call_${n}`))
  t.match(results.map(textOf), [/./, /oh no/, /^Error: /, /a note/, /NoSuchTool/, /command/, /./, /new\.txt/, /new/])
  const prompt = last.findLast(message => message.role === 'user')
  t.match(textOf(prompt), /and now the rest\.\n<system-reminder>[^]*ultrathink/, 'a system message is part of what the user said')
})

t.test('what was said stays the same from request to request, so that a cache can serve it', async t => {
  const { goOn, asks } = await session(t, {
    // A session that goes on names its model a little differently where none is given, in the prompt too.
    args: ['--model', 'claude-opus-4-8'],
    screenplay: {
      'Say it again.': [
        call('call_0', 'Bash', { command: 'echo one', description: 'Print' }),
        call('call_1', 'Bash', { command: 'echo two', description: 'Print' }),
        say('Printed.'),
        say('Still printed.')
      ]
    }
  })
  await goOn('ultrathink: and again?')
  t.equal(asks.length, 4)
  for (const [i, { body }] of asks.slice(1).entries()) {
    const before = asks[i]?.body as ChatRequest
    t.strictSame(body.messages.slice(0, before.messages.length).map(bare), before.messages.map(bare), `request ${i + 1} begins with request ${i}`)
    t.strictSame(body.tools, before.tools)
  }
})

/** A message without the marks that Claude Code moves on with each request; a lone text is the same as a string. */
function bare (message: ChatMessage): object {
  const { content } = message
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content?.map(({ cache_control: _mark, ...part }) => part)
  return { ...message, content: parts }
}

t.test('the built-in demo answers without any provider', async t => {
  // A config.json in the developer's working directory would take the place of the demo.
  t.chdir(t.testdir())
  const { url } = await startApp(t)
  const { code, text } = await runClaude(t, url, { prompt: 'hi', desk: await newDesk(t) })
  t.equal(code, 0)
  t.match(text, /Switchyard demo/)
})
