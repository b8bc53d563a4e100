import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type Act, type Delta, answer, call, callDeltas, calls, piecesOf, reply, resultsOf, say, textOf } from './model.ts'
import { PNG } from './media.ts'
import { session } from './session.ts'

t.test('a call whose arguments arrive in tiny pieces runs, and its output goes back', async t => {
  const { code, text, asks } = await session(t, {
    screenplay: {
      'Run it.': [
        call('functions.Bash:0', 'Bash', { command: 'printf "%s\\n" "one \\"two\\"" && echo $((6 * 7))', description: 'Print' }, 2),
        say('It printed 42.')
      ]
    }
  })
  t.equal(code, 0)
  t.equal(text, 'It printed 42.')
  t.equal(asks.length, 2)
  t.match(asks[1]?.body.messages.find(message => message.role === 'assistant'), { content: null, tool_calls: [{ id: 'functions.Bash:0', function: { name: 'Bash' } }] }, 'the id of the provider, although the Messages API would not allow it')
  t.strictSame(asks[1] && resultsOf(asks[1]).map(result => [result.tool_call_id, textOf(result)]), [['functions.Bash:0', 'one "two"\n42']])
})

t.test('parallel calls that arrive interleaved both run, and their results go back in the order of the calls', async t => {
  const first = callDeltas(0, 'call_first', 'Read', JSON.stringify({ file_path: 'first.txt' }), 4)
  const second = callDeltas(1, 'call_second', 'Read', JSON.stringify({ file_path: 'second.txt' }), 4)
  const both = first.flatMap((delta, i): Delta[] => [delta, ...second.slice(i, i + 1)]).concat(second.slice(first.length))
  const { text, asks } = await session(t, {
    files: { 'first.txt': 'alpha\n', 'second.txt': 'beta\n' },
    screenplay: { 'Read both.': [reply([{ content: 'Both at once.' }, ...both]), say('alpha, beta')] }
  })
  t.equal(text, 'alpha, beta')
  t.equal(asks.length, 2)
  const results = asks[1] ? resultsOf(asks[1]) : []
  t.strictSame(results.map(result => result.tool_call_id), ['call_first', 'call_second'])
  t.match(results.map(textOf), [/alpha/, /beta/])
})

t.test('a picture that was read follows behind all results, where a result can hold none', async t => {
  const reads = calls({ id: 'call_0', name: 'Read', input: { file_path: 'red.png' } }, { id: 'call_1', name: 'Read', input: { file_path: 'note.txt' } })
  const { text, asks } = await session(t, {
    kind: 'openai',
    files: { 'red.png': PNG, 'note.txt': 'a note\n' },
    screenplay: { 'What colour is it?': [answer(...reads), say('Red.')] }
  })
  t.equal(text, 'Red.')
  t.match(asks[1]?.body.messages.slice(-3), [
    { role: 'tool', tool_call_id: 'call_0', content: String },
    { role: 'tool', tool_call_id: 'call_1', content: /a note/ },
    { role: 'user', content: [{ type: 'text', text: /call_0/ }, { type: 'image_url', image_url: { url: /^data:image\/png;base64,/ } }] }
  ])
})

t.test('an edit writes exactly what the model wrote', async t => {
  const before = 'first\n\tconst path = "C:\\\\temp\\\\ü" // ’tis 数\nlast\n'
  const old = '\tconst path = "C:\\\\temp\\\\ü" // ’tis 数'
  const fresh = '\tconst path = \'D:\\new\\"x"\' // 👩🏽‍💻 é \\n \\t $& $1 `a`\n\n\t/[\\d\\s]+\\\\/.test("\\u{1F600}")'
  const { code, text, desk } = await session(t, {
    files: { 'code.ts': before },
    screenplay: {
      'Edit it.': [
        call('call_read', 'Read', { file_path: 'code.ts' }),
        // Escaped as JSON may be, so that the cuts fall into the middle of escapes and of surrogate pairs.
        reply(callDeltas(0, 'call_edit', 'Edit', escaped({ file_path: 'code.ts', old_string: old, new_string: fresh }), 3)),
        call('call_more', 'Edit', { file_path: 'code.ts', old_string: 'last\n', new_string: 'last “line”: “数” 👍\n' }, 1),
        say('Done.')
      ]
    }
  })
  t.equal(code, 0)
  t.equal(text, 'Done.')
  t.equal(await readFile(join(desk.cwd, 'code.ts'), 'utf8'), `first\n${fresh}\nlast “line”: “数” 👍\n`)
})

/** JSON in ASCII only. */
function escaped (value: object): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

t.test('events cut anywhere, in the middle of a character too, are read whole', async t => {
  const text = 'Ünïcødé 👍 through and through.'
  const { text: shown } = await session(t, {
    screenplay: {
      'Cut it.': [async ({ response }) => {
        const chunks = piecesOf(text, 5).map(content => JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }))
        const bytes = Buffer.from([...chunks, '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', '[DONE]'].map(data => `data: ${data}\r\n\r\n`).join(''))
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (let i = 0; i < bytes.length; i += 3) {
          response.write(bytes.subarray(i, i + 3))
          await new Promise(resolve => setImmediate(resolve))
        }
        response.end()
      }]
    }
  })
  t.equal(shown, text)
})

t.test('ids that the provider uses again in every turn do not confuse the conversation', async t => {
  const echo = (word: string): Act => call('call_0', 'Bash', { command: `echo ${word}`, description: 'Print' })
  const { text, asks } = await session(t, { screenplay: { 'Print three times.': [echo('one'), echo('two'), echo('three'), say('Printed.')] } })
  t.equal(text, 'Printed.')
  const messages = asks.at(-1)?.body.messages ?? []
  t.strictSame(messages.filter(message => message.role === 'tool').map(textOf), ['one', 'two', 'three'])
  t.match(messages.filter(message => message.role === 'assistant').map(answer => answer.tool_calls?.[0]?.function.arguments), [/echo one/, /echo two/, /echo three/])
})

for (const [name, input] of [['a list', '[]'], ['encoded twice', JSON.stringify('{"command":"echo 1","description":"Print"}')], ['broken', '{"command":"echo 1"']] as const) {
  t.test(`a call whose arguments are ${name} does not end the session`, async t => {
    const { code, text, asks } = await session(t, { screenplay: { 'Call it badly.': [reply(callDeltas(0, 'call_0', 'Bash', input, 5)), say('I see.')] } })
    t.equal(code, 0)
    t.equal(text, 'I see.')
    t.match(asks[1] && resultsOf(asks[1]), [{ tool_call_id: 'call_0' }])
  })
}

t.test('a call without any arguments runs', async t => {
  const { text, asks } = await session(t, { screenplay: { 'List them.': [reply(callDeltas(0, 'call_0', 'TaskList', '', 5)), say('None.')] } })
  t.equal(text, 'None.')
  t.match(asks[1] && resultsOf(asks[1]).map(textOf), [/no tasks/i])
})

t.test('what the provider found on the web reaches Claude Code as links', async t => {
  const { asks } = await session(t, {
    args: ['--allowedTools', 'WebSearch'],
    screenplay: {
      'Look it up.': [call('call_0', 'WebSearch', { query: 'fastify plugins' }), say('Found.')],
      'fastify plugins': [reply([{ content: 'There are many.', annotations: [{ type: 'url_citation', url_citation: { url: 'https://fastify.dev/ecosystem', title: 'Ecosystem' } }] }])]
    }
  })
  t.match(asks[2] && resultsOf(asks[2]).map(textOf), [/"title":"Ecosystem","url":"https:\/\/fastify\.dev\/ecosystem".*There are many\./s])
})
