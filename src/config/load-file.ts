import { realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isJsonObject } from '../wire/json.ts'

/** Where a file of the user's is: a relative path begins at the configuration's folder, `~` is the home folder. */
export function filePath (path: string, folder: string): string {
  return resolve(folder, path.replace(/^~(?=\/|\\|$)/, homedir()))
}

/** How often the import of a file failed: Node keeps the failure, too, by its URL. */
const failures = new Map<string, number>()

/**
 * What a file of the user's exports: by default, or under this name, from an ES or a CommonJS module. A changed file is
 * another module: Node keeps modules for ever, by URL, and those of CommonJS by path. (What it imports itself stays as it is.)
 * @throws whatever reading or running it throws
 */
export async function loadExport (file: string, name: string): Promise<unknown> {
  const { mtimeMs } = await stat(file)
  delete createRequire(import.meta.url).cache[await realpath(file)]
  const failed = failures.get(file) ?? 0
  const url = pathToFileURL(file)
  url.searchParams.set('changed', String(mtimeMs))
  if (failed > 0) url.searchParams.set('again', String(failed))
  try {
    const { default: exported, [name]: named } = await import(url.href) as Record<string, unknown>
    const inner = isJsonObject(exported) ? exported['default'] ?? exported[name] : undefined
    return inner ?? exported ?? named
  } catch (error) {
    failures.set(file, failed + 1)
    throw error
  }
}

/** Milliseconds that a file of the user's may take until it is ready. */
const PATIENCE = 10_000

/** Waits for a file of the user's, but not for ever: changes of the configuration wait for one another. @throws {Error} when it takes too long */
export async function inTime<T> (loading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it is not ready after ${PATIENCE / 1000} seconds`)), PATIENCE)
  })
  return await Promise.race([loading, late]).finally(() => clearTimeout(timer))
}

/** Why a file could not be used, in words. */
export function fileProblem (error: unknown): string {
  if (!(error instanceof Error)) return `cannot be loaded: ${String(error)}`
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : `cannot be loaded: ${error.message}`
}
