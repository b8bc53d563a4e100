import { invalidRequest } from '../../errors.ts'

/** An entity tag as HTTP has it (RFC 9110, 8.8.3); a weak one is as good here. */
const TAG = /^(?:W\/)?"([^"]*)"$/

/** The entity tag of a revision. */
export function etagOf (revision: string): string {
  return `"${revision}"`
}

/**
 * The revision that a request wants to change; undefined for whatever is there.
 * @throws {ApiError} 400 for what is no entity tag, or more than one
 */
export function revisionOf (ifMatch: string | undefined): string | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined
  const revision = TAG.exec(ifMatch.trim())?.[1]
  if (revision === undefined) throw invalidRequest('if-match: must be the ETag of GET /api/config, as it was given, or *')
  return revision
}
