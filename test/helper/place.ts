import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { FilePlace } from '../../src/config/place/file-place.ts'
import type { Change, ConfigPlace } from '../../src/config/place/place.ts'

const CHILD = join(import.meta.dirname, 'place-child.js')

/** A folder that is gone with the test. */
export async function placeFolder (t: Pick<Test, 'teardown'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-place-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A place for a file; closed with the test. @param lookEvery as in src/config/place/file-place.ts */
export function openPlace (t: Pick<Test, 'teardown'>, path: string, lookEvery?: number): FilePlace {
  const place = new FilePlace({ path, etagSecret: 'secret', lookEvery })
  t.teardown(() => place.close())
  return place
}

/** A file with this text in a folder of its own, or none where there is no text. */
export async function placeOf (t: Pick<Test, 'teardown'>, text?: string | Buffer): Promise<{ place: FilePlace, path: string, folder: string }> {
  const folder = await placeFolder(t)
  const path = join(folder, 'config.json')
  if (text !== undefined) await writeFile(path, text, { mode: 0o600 })
  return { place: openPlace(t, path), path, folder }
}

export function changeTo (text: string): Change {
  return { text, author: 'ann', difference: [] }
}

/** Writes whatever is there. @returns the revision then */
export async function overwrite (place: ConfigPlace, text: string): Promise<string> {
  return (await place.write(changeTo(text), (await place.read()).revision)).version.revision
}

/** What only a write that goes on has beside a file, and in its backups. */
export async function leftovers (path: string): Promise<string[]> {
  const folder = dirname(path)
  const names = [...await readdir(folder), ...await readdir(join(folder, '.backups')).catch(() => [])]
  return names.filter(name => /\.(?:tmp|lock)$/.test(name))
}

export interface PlaceProcess {
  child: ChildProcess
  /** The lines that it printed so far. */
  printed (): unknown[]
  /** How it ended: with a signal, or a code and what it said. */
  ended: Promise<{ code: number | null, signal: string | null, error: string }>
}

/** Starts a process that uses the place as test/helper/place-child.js says; gone with the test. */
export function startPlaceProcess (t: Pick<Test, 'teardown'>, task: string, path: string, ...args: (string | number)[]): PlaceProcess {
  const child = spawn(process.execPath, [CHILD, task, path, ...args.map(String)], { env: { PATH: process.env['PATH'] } })
  t.teardown(() => child.kill('SIGKILL'))
  let [output, error] = ['', '']
  child.stdout.on('data', (bytes: Buffer) => { output += bytes.toString() })
  child.stderr.on('data', (bytes: Buffer) => { error += bytes.toString() })
  return {
    child,
    // The last one may be half there.
    printed: () => output.split('\n').slice(0, -1).map(line => JSON.parse(line) as unknown),
    ended: once(child, 'close').then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null, error }))
  }
}

/** What such a process prints until it ends. @throws {Error} where it fails */
export async function runPlaceProcess (t: Pick<Test, 'teardown'>, task: string, path: string, ...args: (string | number)[]): Promise<unknown[]> {
  const started = startPlaceProcess(t, task, path, ...args)
  const { code, error } = await started.ended
  if (code !== 0) throw new Error(error)
  return started.printed()
}
