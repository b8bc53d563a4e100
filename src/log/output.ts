import { isDeepStrictEqual } from 'node:util'
import { type DestinationStream, pino } from 'pino'
import type { LogFileSettings } from '../config/snapshot.ts'
import { LogFiles } from './files.ts'

/** Where lines of the log go: to standard output always, and to files where the configuration says so. */
export class LogOutput implements DestinationStream {
  readonly #standard = pino.destination({ dest: process.stdout.fd, sync: false })
  #files: LogFiles | null = null
  #opened = false

  write (line: string): void {
    this.#standard.write(line)
    this.#files?.write(line)
  }

  /** Called by pino behind a fatal line. Files need no flush. */
  flushSync (): void {
    this.#standard.flushSync()
  }

  /** Files by these settings from now on; none where there are none. */
  keep (settings: LogFileSettings | undefined): void {
    if (isDeepStrictEqual(settings, this.#files?.settings)) return
    const before = this.#files
    this.#files = settings === undefined ? null : new LogFiles(settings, problem => process.stderr.write(`${problem}\n`))
    if (this.#opened) this.#files?.open()
    before?.close().catch(() => {})
  }

  /** The service serves: what it takes to write files may be loaded. Lines up to now have waited. */
  open (): void {
    this.#opened = true
    this.#files?.open()
  }

  /** What was logged is in the files; further lines go to standard output alone. */
  async close (): Promise<void> {
    const files = this.#files
    await files?.close()
  }
}
