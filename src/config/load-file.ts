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

/**
 * What a file of the user's exports: by default, or under this name, from an ES or a CommonJS module. A changed file is
 * another module: Node keeps modules for ever, by URL, and those of CommonJS by path.
 * @throws whatever reading or running it throws
 */
export async function loadExport (file: string, name: string): Promise<unknown> {
  const { mtimeMs } = await stat(file)
  delete createRequire(import.meta.url).cache[await realpath(file)]
  const url = pathToFileURL(file)
  url.searchParams.set('changed', String(mtimeMs))
  const { default: exported, [name]: named } = await import(url.href) as Record<string, unknown>
  const inner = isJsonObject(exported) ? exported['default'] ?? exported[name] : undefined
  return inner ?? exported ?? named
}

/** Why a file could not be used, in words. */
export function fileProblem (error: unknown): string {
  if (!(error instanceof Error)) return `cannot be loaded: ${String(error)}`
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : `cannot be loaded: ${error.message}`
}
