import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Entry } from '../account/entry.ts'
import { isJsonObject, parseJson } from '../wire/json.ts'

/** `spool-<process id>-<instance>-<number>.ndjson` */
const NAME = /^spool-(\d+)-([\w-]+)-\d+\.ndjson$/

/**
 * Entries that the store could not take, a line each, in a file of this process: on disk when {@link append} is done.
 */
export class Spool {
  readonly #folder: string
  readonly #instance: string
  #number = 0
  #file: string | null = null
  #appending: Promise<void> = Promise.resolve()

  constructor (folder: string, instance: string) {
    this.#folder = folder
    this.#instance = instance
  }

  /** @throws {Error} when the disk cannot take them */
  async append (entries: readonly Entry[]): Promise<void> {
    // Named before anything is waited for: from here on the file is not one that may be read back and removed.
    const file = this.#file ??= join(this.#folder, `spool-${process.pid}-${this.#instance}-${++this.#number}.ndjson`)
    await (this.#appending = appendLines(this.#folder, file, entries))
  }

  /** Closes the file that is written to, so that it can be read back while another one is begun. */
  async rotate (): Promise<void> {
    this.#file = null
    await this.#appending.catch(() => {})
  }

  /** Files that wait to be read back: those that this process closed, and those of processes that are gone. */
  async closed (): Promise<string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [] as string[]
      throw error
    })
    return names.filter(name => {
      const [, pid, instance] = NAME.exec(name) ?? []
      if (pid === undefined) return false
      return instance === this.#instance ? join(this.#folder, name) !== this.#file : !isRunning(Number(pid))
    }).sort().map(name => join(this.#folder, name))
  }

  /** Puts aside what no store takes, for people to look at. @returns the file */
  async reject (entries: readonly Entry[]): Promise<string> {
    const file = join(this.#folder, `rejected-${this.#instance}.ndjson`)
    await appendLines(this.#folder, file, entries)
    return file
  }
}

/** Entries hold names of sessions and keys: nobody else need read them. */
const OWN = 0o600

async function appendLines (folder: string, file: string, entries: readonly Entry[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  const handle = await open(file, 'a', OWN)
  try {
    await handle.appendFile(entries.map(entry => `${JSON.stringify(entry)}\n`).join(''))
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** Whether a process of this machine runs. One with our own number is one that had it before us. */
export function isRunning (pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Reads a file of entries back, some at a time. A line that is no entry is the end of a write that a crash cut off: nobody
 * was told that it is on disk.
 */
export async function * readSpool (file: string, size: number): AsyncGenerator<Entry[]> {
  let entries: Entry[] = []
  for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    const value = parseJson(line)
    if (isJsonObject(value) && typeof value['requestId'] === 'string') entries.push(value as unknown as Entry)
    if (entries.length < size) continue
    yield entries
    entries = []
  }
  if (entries.length > 0) yield entries
}

/** Takes a file away that was read back. */
export async function removeSpool (file: string): Promise<void> {
  await rm(file, { force: true })
}
