import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** As built: `npm test` builds first. */
const SERVER = join(import.meta.dirname, '..', '..', 'dist', 'src', 'server.js')

export interface GatewayProcess {
  url: string
  child: ChildProcess
  /** What it printed so far. */
  output (): string
  /** Ends it without any warning, and waits until it is gone. */
  kill (): Promise<void>
  /** Asks it to end, and waits until it is gone. */
  stop (): Promise<void>
}

/** A folder with a configuration, in which processes can be started; gone with the test. */
export async function gatewayFolder (t: Pick<Test, 'teardown'>, config: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-process-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  return folder
}

/** Starts the service as a process of its own, as a user starts it; gone with the test. */
export async function startGateway (t: Pick<Test, 'teardown'>, folder: string, env: Record<string, string> = {}): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [SERVER], { cwd: folder, env: { PATH: process.env['PATH'], PORT: '0', ...env } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => { output += bytes.toString() })
  const gone = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await gone
  }
  t.teardown(() => end('SIGKILL'))
  for (;;) {
    const url = /listens on (http:\/\/[^;]+);/.exec(output)?.[1]
    if (url !== undefined) return { url, child, output: () => output, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
    if (child.exitCode !== null) throw new Error(output)
    await Promise.race([once(child.stdout, 'data'), gone])
  }
}
