import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { arrived } from '../../compatibility/arrived.ts'
import { wholeServer } from '../../compatibility/whole-server.ts'
import { startApp } from '../../helper/app.ts'
import { KINDS, type KindName } from '../../helper/kinds/index.ts'
import { type Ask, send, startKind } from '../../helper/kinds/server.ts'
import { endClineHub, newDesk, notInstalled, runAgent } from './run-agent.ts'

/** Agents without a terminal: each has one command run, and is told its output. */

const KEY = 'sk-client-key'
const PROMPT = 'Print it, please.'
const COMMAND = 'echo one two > printed.txt && cat printed.txt'

interface Stage { url: string, asks: Ask[], model: string }

/** A gateway and a server behind it that calls a tool, and then says that all is done. */
async function open (t: Test, name: KindName, call: { name: string, input: object }): Promise<Stage> {
  const asks: Ask[] = []
  const kind = wholeServer(KINDS[name])
  // Where bytes pass, what an agent says besides is for the server to judge: a real one knows all that these send.
  const server = await startKind(t, name === 'openai' ? { ...kind, judge: () => [] } : kind, ask => {
    asks.push(ask)
    // They have a title made as well, without tools.
    if (!arrived(ask).tools.some(tool => tool.name === call.name)) return send(ask, [{ say: 'A title' }])
    return send(ask, ask.said.some(({ results }) => results.length > 0) ? [{ say: 'All is done.' }] : [{ think: 'I shall run it.' }, { call: { id: 'call_a', ...call } }])
  })
  const { app, url } = await startApp(t, { config: { APIKEY: KEY, Providers: [server.entry(name)], Router: { default: `${name},${kind.model}` } } })
  t.teardown(() => app.server.closeAllConnections())
  return { url, asks, model: `${name},${kind.model}` }
}

/** The command ran, its output reached the model, and the agent shows what the model said then. */
async function check (t: Test, output: string, cwd: string, { asks }: Stage): Promise<void> {
  t.match(output, /All is done\./)
  t.equal(await readFile(join(cwd, 'printed.txt'), 'utf8').catch(String), 'one two\n')
  const last = asks.findLast(({ said }) => said.some(({ results }) => results.length > 0))
  t.match(last?.said.find(({ results }) => results.length > 0)?.results, [{ id: 'call_a', text: /one two/ }])
}

const APIS = { openai: '@ai-sdk/openai-compatible', anthropic: '@ai-sdk/anthropic' }

t.test('opencode', { skip: notInstalled }, async t => {
  for (const [api, server] of [['openai', 'openai'], ['openai', 'gemini'], ['anthropic', 'anthropic'], ['anthropic', 'gemini']] as const) {
    await t.test(`${api}, ${server}`, async t => {
      const stage = await open(t, server, { name: 'bash', input: { command: COMMAND, description: 'Print' } })
      const desk = await newDesk(t)
      await writeFile(join(desk.cwd, 'opencode.json'), JSON.stringify({
        autoupdate: false,
        share: 'disabled',
        enabled_providers: ['switchyard'],
        provider: { switchyard: { npm: APIS[api], options: { baseURL: `${stage.url}/v1`, apiKey: KEY }, models: { [stage.model]: { tool_call: true, limit: { context: 100_000, output: 4000 } } } } }
      }))
      const output = await runAgent(t, 'opencode', ['run', '--format', 'json', '-m', `switchyard/${stage.model}`, PROMPT], desk, { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1' })
      await check(t, output, desk.cwd, stage)
    })
  }
})

t.test('cline', { skip: notInstalled }, async t => {
  for (const server of ['openai', 'gemini'] as const) {
    await t.test(server, async t => {
      const stage = await open(t, server, { name: 'run_commands', input: { commands: [COMMAND] } })
      const desk = await newDesk(t)
      await runAgent(t, 'cline', ['auth', '-p', 'openai-compatible', '-k', KEY, '-m', stage.model, '-b', `${stage.url}/v1`], desk)
      const output = await runAgent(t, 'cline', ['--json', '-P', 'openai-compatible', '-m', stage.model, PROMPT], desk)
      await endClineHub(desk)
      await check(t, output, desk.cwd, stage)
    })
  }
})
