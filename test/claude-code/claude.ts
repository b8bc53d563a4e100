import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** The real Claude Code. */
export const BINARY = fileURLToPath(new URL('node_modules/.bin/claude', import.meta.url))
/** Far beyond what any case needs. */
const TIMEOUT = 45_000
/** By default ten, over three minutes: too long to learn that the gateway is broken. */
const MAX_RETRIES = '4'
const TOOLS = 'Bash,Read,Edit,Write,Agent'

/** A home and a working directory that nobody used before: what a developer configured must not show in a test. */
export interface Desk {
  home: string
  cwd: string
}

/** A line of `--output-format stream-json`. */
export interface ClaudeEvent {
  type: string
  subtype?: string
  [field: string]: unknown
}

export interface ClaudeRun {
  code: number | null
  events: ClaudeEvent[]
  /** What Claude Code prints as its answer. */
  text: string
  errors: string
}

export interface ClaudeOptions {
  prompt: string
  desk: Desk
  args?: string[]
  /** Variables of the environment beside those that every run gets. */
  env?: NodeJS.ProcessEnv
}

/** An empty desk with these files in its working directory; removed with the test. */
export async function newDesk (t: Pick<Test, 'teardown'>, files: Record<string, string | Buffer> = {}): Promise<Desk> {
  // Claude Code tells the model the real path, and a temporary folder may be a link (macOS).
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'switchyard-claude-')))
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  const desk = { home: join(folder, 'home'), cwd: join(folder, 'work') }
  await Promise.all([mkdir(desk.home), mkdir(desk.cwd)])
  await putFiles(desk, files)
  return desk
}

/** Writes files, by their paths from the working directory. */
export async function putFiles ({ cwd }: Desk, files: Record<string, string | Buffer>): Promise<void> {
  await Promise.all(Object.entries(files).map(async ([name, content]) => {
    const path = join(cwd, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }))
}

/** The real Claude Code, headless, with the gateway in place of Anthropic's API. */
export async function runClaude (t: Pick<Test, 'teardown'>, gateway: string, { prompt, desk, args = [], env = {} }: ClaudeOptions): Promise<ClaudeRun> {
  const child = spawn(BINARY, ['-p', prompt, '--output-format', 'stream-json', '--verbose', '--allowedTools', TOOLS, ...args], {
    cwd: desk.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: desk.home,
      TMPDIR: desk.home,
      CLAUDE_CODE_TMPDIR: desk.home,
      ANTHROPIC_BASE_URL: gateway,
      ANTHROPIC_API_KEY: 'test',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      CLAUDE_CODE_MAX_RETRIES: MAX_RETRIES,
      ...env
    }
  })
  t.teardown(() => child.kill('SIGKILL'))
  const deadline = setTimeout(() => {
    child.kill('SIGKILL')
    // What the child started may hold its pipes open.
    child.stdout.destroy()
    child.stderr.destroy()
  }, TIMEOUT)
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text })
  const [code] = await once(child, 'close') as [number | null]
  clearTimeout(deadline)
  const events = output.split('\n').slice(0, -1).map(line => JSON.parse(line) as ClaudeEvent)
  const result = events.find(event => event.type === 'result')
  return { code, events, text: typeof result?.['result'] === 'string' ? result['result'] : '', errors }
}
