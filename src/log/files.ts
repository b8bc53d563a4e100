import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RollingStream } from 'pino-roll'
import type { LogFileSettings } from '../config/snapshot.ts'
import { BASE_NAME, removeOldFiles } from './old-files.ts'

/** Bytes of lines that wait for a file: at the start, and while none can be written. */
const BACKLOG = 1024 * 1024
/** Milliseconds after which it is tried again. */
const RETRY = 60_000
/** Milliseconds in which a fault is told once. */
const QUIET = 3_600_000

/**
 * The files of the log: `switchyard.2026-01-31.1.log`, the next one every day, and when one is full. A line is written where it
 * is logged, as the page cache takes it in microseconds: so none is lost, however the process ends. A folder or disk that takes
 * nothing is told on standard error, and stops nobody.
 */
export class LogFiles {
  readonly settings: LogFileSettings
  readonly #tell: (problem: string) => void
  #stream: RollingStream | null = null
  #opening: Promise<void> | null = null
  #waiting: string[] = []
  #waitingLength = 0
  #timer: NodeJS.Timeout | undefined
  #told = -Infinity
  #closed = false

  /** @param tell is told what keeps the files from being written, at most once an hour */
  constructor (settings: LogFileSettings, tell: (problem: string) => void) {
    this.settings = settings
    this.#tell = tell
  }

  /** Lines wait until there is a file, up to a limit. */
  write (line: string): void {
    if (this.#stream !== null) {
      this.#stream.write(line)
    } else if (!this.#closed && this.#waitingLength + line.length <= BACKLOG) {
      this.#waiting.push(line)
      this.#waitingLength += line.length
    }
  }

  /** Opens a file: that of today which was written last. What goes wrong is told, and tried again. */
  open (): void {
    this.#opening ??= this.#open().catch((error: unknown) => this.#failed(error)).finally(() => { this.#opening = null })
  }

  /** All that was written is in its file. */
  async close (): Promise<void> {
    clearTimeout(this.#timer)
    await this.#opening
    this.#closed = true
    const stream = this.#stream
    this.#stream = null
    stream?.end()
  }

  async #open (): Promise<void> {
    const { folder, maxBytes } = this.settings
    await makeFolder(folder)
    // Loading it takes a tenth of a second, as it brings all of date-fns.
    const { default: build } = await import('pino-roll')
    const stream = await build({ file: join(folder, BASE_NAME), extension: '.log', size: `${maxBytes}b`, frequency: 'daily', dateFormat: 'yyyy-MM-dd', mkdir: true, sync: true, maxLength: BACKLOG })
    stream.on('error', error => this.#failed(error, stream))
    stream.on('ready', () => this.#removeOldFiles(stream))
    const lines = this.#waiting
    this.#waiting = []
    this.#waitingLength = 0
    this.#stream = stream
    for (const line of lines) stream.write(line)
    this.#removeOldFiles(stream)
  }

  #removeOldFiles (stream: RollingStream): void {
    const { folder, keep } = this.settings
    removeOldFiles(folder, stream.file, keep).catch((error: unknown) => this.#report(error))
  }

  /**
   * A stream that could not write keeps the lines, and tries again with the next one. Any other fault, such as a next file that
   * cannot be made, leaves it in a state that nobody vouches for.
   */
  #failed (error: unknown, stream: RollingStream | null = null): void {
    if (stream !== this.#stream) return
    this.#report(error)
    if (stream !== null && (error as NodeJS.ErrnoException).syscall === 'write') return
    this.#stream = null
    stream?.destroy()
    clearTimeout(this.#timer)
    if (!this.#closed) this.#timer = setTimeout(() => this.open(), RETRY).unref()
  }

  #report (error: unknown): void {
    const now = performance.now()
    if (now - this.#told < QUIET) return
    this.#told = now
    this.#tell(`The log cannot be written to files in ${this.settings.folder}: ${(error as Error).message}. It goes to standard output alone until that is mended.`)
  }
}

/** Where a disk may only be read, a recursive `mkdir` says that a folder is missing; the plain one says what is wrong. */
async function makeFolder (folder: string): Promise<void> {
  await mkdir(folder).catch(async (error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') await mkdir(folder, { recursive: true })
    else if (code !== 'EEXIST') throw error
  })
}
