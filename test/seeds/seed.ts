import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { type GatewayProcess, startGateway } from '../helper/gateway-process.ts'
import { type ScriptedUpstream, type Script, USAGE, answer, delta, json, startUpstream, stream } from '../helper/upstream.ts'

/** What users of another gateway have: its variables, its README's lines. Here they meet the built service. */

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')
const READMES = join(ROOT, '..', 'shared', 'seeds')

/** The README of a gateway by its number; undefined where they do not lie beside the checkout. */
export async function readmeOf (number: string): Promise<string | undefined> {
  const names = await readdir(READMES).catch(() => [])
  const name = names.find(name => name.startsWith(number))
  return name === undefined ? undefined : await readFile(join(READMES, name), 'utf8')
}

/** Its fenced blocks in one language. */
export function blocksOf (readme: string, language: string): string[] {
  return [...readme.matchAll(/```(\w*)\n([^]*?)```/g)].flatMap(([, name, text = '']) => name === language ? [text] : [])
}

/** Its `curl` lines that ask the gateway itself, each a whole command. */
export function curlLines (readme: string): string[] {
  return blocksOf(readme, 'bash').flatMap(block => {
    const commands: string[] = []
    let open = false
    for (const line of block.split('\n')) {
      if (open) commands.push(`${commands.pop() ?? ''}\n${line}`)
      else if (line.startsWith('curl ')) commands.push(line)
      else continue
      const command = commands.at(-1) ?? ''
      open = line.endsWith('\\') || command.split("'").length % 2 === 0
    }
    return commands.filter(command => /\/\/(?:localhost|127\.0\.0\.1):\d+/.test(command))
  })
}

export interface Seed extends GatewayProcess {
  folder: string
  /** Runs a command of a shell, in which the gateway has the address that its README says. */
  shell (command: string): Promise<string>
  /** The same for a program. */
  program (command: string, file: string, text: string): Promise<string>
  post (path: string, body: object, headers?: Record<string, string>): Promise<{ status: number, json: Record<string, unknown>, text: string, headers: Headers }>
  get (path: string, headers?: Record<string, string>): Promise<{ status: number, json: Record<string, unknown> }>
}

/** The built service in a folder of its own, with nothing but these variables, and files where there are any. */
export async function startSeed (t: Pick<Test, 'teardown'>, env: Record<string, string>, files: Record<string, object | string> = {}): Promise<Seed> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-seed-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const gateway = await startGateway(t, folder, env)
  const here = (text: string): string => text.replace(/(?:localhost|127\.0\.0\.1):\d+/g, new URL(gateway.url).host)
  return {
    ...gateway,
    folder,
    shell: async command => (await run('bash', ['-c', here(command).replace(/^curl /gm, 'curl -s ')], { cwd: folder })).stdout,
    program: async (command, file, text) => {
      await writeFile(join(folder, file), here(text))
      return (await run(command, [file], { cwd: folder })).stdout
    },
    post: async (path, body, headers = {}) => {
      const reply = await fetch(gateway.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
      const text = await reply.text()
      return { status: reply.status, headers: reply.headers, text, json: text.startsWith('{') ? JSON.parse(text) as Record<string, unknown> : {} }
    },
    get: async (path, headers = {}) => {
      const reply = await fetch(gateway.url + path, { headers })
      return { status: reply.status, json: await reply.json() as Record<string, unknown> }
    }
  }
}

const WEATHER = { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"location":"Tokyo"}' } }

/** A server of the chat-completions wire: it names the model that it was asked for, or calls the first tool that it is offered. */
export async function chatServer (t: Pick<Test, 'teardown'>, misbehave?: Script): Promise<ScriptedUpstream> {
  return await startUpstream(t, (response, request, n) => {
    if (request.method === 'GET') return json(response, {}, 404)
    if (misbehave !== undefined) return misbehave(response, request, n)
    if (request.body.tools === undefined) return answer(response, request, `From ${request.body.model}.`)
    if (request.body.stream === true) stream(response, delta({ role: 'assistant', tool_calls: [{ index: 0, ...WEATHER }] }), delta({}, 'tool_calls', { usage: USAGE }), '[DONE]')
    else json(response, { choices: [{ index: 0, message: { role: 'assistant', content: null, tool_calls: [WEATHER] }, finish_reason: 'tool_calls' }], usage: USAGE })
  })
}

/** Models that a server was asked for, by the requests for answers. */
export function modelsAsked ({ requests }: ScriptedUpstream): string[] {
  return requests.filter(({ method }) => method === 'POST').map(({ body }) => String(body.model))
}

/** Whether a program is there; why not, for `skip`. */
export async function lacks (command: string, ...args: string[]): Promise<string | false> {
  return await run(command, args).then(() => false, () => `${command} ${args.join(' ')} does not work here`)
}

/** A reply of the Messages API with text, as all of these READMEs have it. */
export function textReply (model: string, text: string | RegExp): object {
  return { id: /^msg_/, type: 'message', role: 'assistant', content: [{ type: 'text', text }], model, stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 10, output_tokens: 5 } }
}
