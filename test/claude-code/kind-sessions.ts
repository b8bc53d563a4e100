import type { Test } from 'tap'
import type { KindName } from '../helper/kinds/index.ts'
import { type On, echo, inOrder, last, reasoning } from './kind-suite.ts'
import { type Ask, answer, call, calls, say } from './model.ts'

/** The turns of a body, whatever its wire calls them, without what Claude Code changes from request to request. */
function turnsOf ({ request: { body } }: Ask): unknown[] {
  return (body['contents'] as unknown[] | undefined ?? body.messages).map(bare)
}

/** What stands before the turns. */
function prefixOf ({ request: { body } }: Ask): unknown {
  return [body.tools, body['system'], body['systemInstruction']].map(bare)
}

/** Without the marks for the cache, which move on with each request; a lone text is the same as a string. */
function bare (value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(bare)
    const [only] = items as { type?: unknown, text?: unknown }[]
    return items.length === 1 && only?.type === 'text' ? only.text : items
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).flatMap(([field, inner]) => field === 'cache_control' ? [] : [[field, bare(inner)]]))
}

/** Work that goes on for several turns. */
export function kindSessions (t: Test, kind: KindName, on: On): void {
  t.test('a subagent works with tools of its own, and its answer reaches the main loop', async t => {
    const { code, text, asks } = await on(t, {
      screenplay: {
        'Have it counted.': [
          answer({ think: 'I delegate.' }, ...calls({ id: 'call_agent', name: 'Agent', input: { description: 'Count the files', prompt: 'Count, subagent!', subagent_type: 'general-purpose' } })),
          say('There are 2.')
        ],
        'Count, subagent!': [call('call_ls', 'Bash', { command: 'ls | wc -l', description: 'Count' }), say('I counted 2 files.')]
      },
      files: { a: 'a', b: 'b' }
    })
    t.equal(code, 0)
    t.equal(text, 'There are 2.')
    t.equal(asks.length, 4)
    t.match(last(asks[2])?.results, [{ id: 'call_ls', text: /^\s*2$/ }])
    t.match(last(asks[3])?.results, [{ id: 'call_agent', text: /I counted 2 files\./ }])
    t.strictSame(reasoning(asks), [['I delegate.']])
  })

  t.test('a long session stays legal: failures, nothing printed, system messages, and a second prompt', async t => {
    const { goOn, asks, code, text } = await on(t, {
      files: { 'note.txt': 'a note\n' },
      screenplay: {
        'Begin the work.': [
          call('call_0', 'Bash', { command: 'true', description: 'Print nothing' }),
          call('call_1', 'Bash', { command: 'echo oh no >&2; exit 3', description: 'Fail' }),
          answer({ say: 'Three at once.' }, ...calls(
            { id: 'call_2', name: 'Read', input: { file_path: 'missing.txt' } },
            { id: 'call_3', name: 'Read', input: { file_path: 'note.txt' } },
            { id: 'call_4', name: 'NoSuchTool', input: {} }
          )),
          call('call_5', 'Bash', { description: 'The command is missing' }),
          call('call_6', 'TaskList', {}),
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

    const said = asks.at(-1)?.said ?? []
    const results = inOrder(kind, said.flatMap(({ results }) => results))
    t.strictSame(results.map(({ id }) => id), [0, 1, 2, 3, 4, 5, 6, 7, 8].map(n => `call_${n}`))
    t.match(results.map(({ text }) => text), [/./, /oh no/, /not exist/, /a note/, /NoSuchTool/, /command/, /./, /new\.txt/, /new/])
    const prompt = said.findLast(({ role, text }) => role === 'user' && text !== '')
    t.match(prompt?.text, kind === 'anthropic' ? /and now the rest\.\n[^]*ultrathink/ : /and now the rest\.\n<system-reminder>[^]*ultrathink/, 'a system message is part of what the user said')
  })

  t.test('what was said stays the same from request to request, so that a cache can serve it', async t => {
    const { goOn, asks } = await on(t, {
      // A session that goes on names its model a little differently where none is given, in the prompt too.
      args: ['--model', 'claude-opus-4-8'],
      screenplay: {
        'Say it again.': [
          answer({ think: 'Once.' }, ...calls({ id: 'call_0', name: 'Bash', input: echo('one') })),
          answer({ think: 'Twice.' }, { say: 'And again.' }, ...calls({ id: 'call_1', name: 'Bash', input: echo('two') })),
          answer({ think: 'Enough.' }, { say: 'Printed.' }),
          say('Still printed.')
        ]
      }
    })
    await goOn('ultrathink: and again?')
    t.equal(asks.length, 4)
    for (const [i, ask] of asks.slice(1).entries()) {
      const before = asks[i] as Ask
      t.strictSame(turnsOf(ask).slice(0, turnsOf(before).length), turnsOf(before), `request ${i + 1} begins with request ${i}`)
      t.strictSame(prefixOf(ask), prefixOf(before))
    }
  })
}
