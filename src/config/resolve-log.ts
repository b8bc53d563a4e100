import { filePath } from './load-file.ts'
import type { ConfigDocument } from './schema.ts'
import type { Config } from './snapshot.ts'

/**
 * What is logged, and where to beside standard output.
 * @param folder where relative paths begin
 */
export function resolveLog ({ LOG: log, LOG_LEVEL: level = 'info', LogFiles: files }: ConfigDocument, folder: string): Pick<Config, 'logLevel' | 'logFiles'> {
  const logLevel = log === false ? 'silent' : level
  if (log !== true || logLevel === 'silent') return { logLevel, logFiles: undefined }
  const { path = 'logs', maxBytes = 20971520, keep = 14 }: Partial<NonNullable<typeof files>> = files ?? {}
  return { logLevel, logFiles: Object.freeze({ folder: filePath(path, folder), maxBytes, keep }) }
}
