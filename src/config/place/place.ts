import type { Difference } from '../edit/difference.ts'

/** A state of the document, as it is written. */
export interface Version {
  /** The text (JSON5), references and all; null where there is none and the environment alone configures. */
  readonly text: string | null
  /** Another one for every other text: letters, digits, `-` and `_`. It is the ETag. */
  readonly revision: string
}

/** A document that was in force before. */
export interface Backup {
  readonly name: string
  readonly at: Date
  /** Who had written it; null where that is not known. */
  readonly author: string | null
}

/** What replaces the document. */
export interface Change {
  readonly text: string
  /** Who changes it: the name of a key, `local`, `file`. */
  readonly author: string
  /** What changes, secrets masked: kept with the history where there is one. */
  readonly difference: readonly Difference[]
}

/** Somebody else was faster. */
export class Conflict extends Error {
  override name = 'Conflict'
  /** What is there now. */
  readonly revision: string

  constructor (revision: string) {
    super('the configuration was changed by somebody else')
    this.revision = revision
  }
}

/** The place is of no use, in words that may be told; where it was to be written to, what was there is whole, unless they say otherwise. */
export class PlaceError extends Error {
  override name = 'PlaceError'
  /** What the operating system calls it, such as `ENOSPC`; undefined where it did not say. */
  readonly code: string | undefined

  constructor (message: string, { code, ...options }: ErrorOptions & { code?: string | undefined } = {}) {
    super(message, options)
    this.code = code
  }
}

/** Where the document lies. */
export interface ConfigPlace {
  readonly kind: 'file' | 'postgres'
  /** In words, for the log and errors: the path of the file, or `the database`. */
  readonly source: string
  /**
   * @param taken whether it is taken in: whoever watches is told of whatever differs from that
   * @throws {PlaceError}
   */
  read (taken?: boolean): Promise<Version>
  /**
   * Keeps what is there as a backup, then replaces it, if it still is at `revision`.
   * @returns the backup is null where there was nothing
   * @throws {Conflict} {PlaceError}
   */
  write (change: Change, revision: string): Promise<{ version: Version, backup: Backup | null }>
  /** Keeps what is there. @returns null where there is nothing; @throws {PlaceError} */
  backUp (): Promise<Backup | null>
  /** The latest first; at most 50. */
  backups (): Promise<Backup[]>
  /** The text of a backup; undefined where there is none of that name, or the name is none of a backup's. */
  readBackup (name: string): Promise<string | undefined>
  /** Where a person finds a backup: its path, or its name where that is all. */
  whereIs (backup: Backup): string
  /** Calls `changed` whenever the document may have been changed by somebody else; never at once, several changes may be one call. */
  watch (changed: () => void): Promise<void>
  close (): Promise<void>
}
