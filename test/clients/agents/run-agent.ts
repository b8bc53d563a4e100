import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Far beyond what any of them needs. */
const TIMEOUT = 90_000

/** Why the agents cannot be run; false where they can. */
export const notInstalled: string | false = existsSync(join(import.meta.dirname, 'node_modules')) ? false : 'the agents are not installed: `npm run test:agents` does it'

/** A home and a working directory that nobody used before; gone with the test. */
export interface Desk { home: string, cwd: string }

export async function newDesk (t: Pick<Test, 'teardown'>): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-agent-'))
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }))
  const desk = { home: join(folder, 'home'), cwd: join(folder, 'work') }
  await Promise.all([mkdir(desk.home), mkdir(desk.cwd)])
  return desk
}

/** Runs an agent to its end. @returns its output */
export async function runAgent (t: Pick<Test, 'teardown'>, name: 'opencode' | 'cline', args: string[], { home, cwd }: Desk, env: Record<string, string> = {}): Promise<string> {
  const child = spawn(join(import.meta.dirname, 'node_modules', '.bin', name), args, { cwd, env: { PATH: process.env['PATH'], HOME: home, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT, killSignal: 'SIGKILL' })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { output += bytes.toString() })
  await once(child, 'exit')
  return output
}

/** Cline leaves a process behind, which would serve its next run under another home. */
export async function endClineHub ({ home }: Desk): Promise<void> {
  const lock = join(home, '.cline', 'data', 'locks', 'hub', 'production.json')
  if (!existsSync(lock)) return
  const { pid } = JSON.parse(await readFile(lock, 'utf8')) as { pid?: number }
  if (pid !== undefined) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}
