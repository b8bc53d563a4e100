import { dirname } from 'node:path'
import type { Environment } from './environment.ts'
import { filePath } from './load-file.ts'
import type { ConfigDocument } from './schema.ts'
import type { UsageSettings } from './snapshot.ts'

const DEFAULT_PATH = 'data/switchyard.db'
const POSTGRES = /^postgres(?:ql)?:\/\//
const SQLITE = /^sqlite:(?:\/\/)?(.+)$/

/**
 * Where the account is kept: at `DATABASE_URL` (`postgres://…`, or `sqlite:` and a path), else in the file that
 * `Usage.path` names.
 * @param folder where relative paths begin
 */
export function resolveUsage ({ Usage: usage }: ConfigDocument, { DATABASE_URL: url }: Environment, folder: string, problems: string[]): UsageSettings | undefined {
  const { enabled = true, path = DEFAULT_PATH, commitWait = 250, keepDays = 90 }: Partial<NonNullable<typeof usage>> = usage ?? {}
  const settings = { enabled, commitWait, keepDays }
  if (url !== undefined && POSTGRES.test(url)) return Object.freeze({ ...settings, store: { kind: 'postgres' as const, url }, spoolFolder: dirname(filePath(path, folder)) })
  const named = url === undefined ? path : SQLITE.exec(url)?.[1]
  if (named === undefined) {
    problems.push('DATABASE_URL: must begin with postgres:// or sqlite:')
    return undefined
  }
  const file = filePath(named, folder)
  return Object.freeze({ ...settings, store: { kind: 'sqlite' as const, path: file }, spoolFolder: dirname(file) })
}
