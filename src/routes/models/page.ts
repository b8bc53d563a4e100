import { invalidRequest } from '../../errors.ts'
import type { Model } from './catalogue.ts'

/** What a list may be asked for with, as it stands in the query. */
export type PageQuery = Readonly<Record<string, unknown>>

export interface Page { readonly models: readonly Model[], readonly hasMore: boolean }

/** https://platform.claude.com/docs/en/api/models-list */
const DEFAULT_LIMIT = 20
const MAX_LIMIT = 1000

/**
 * A page of a list, as Anthropic's API cuts them.
 * @throws {ApiError} 400 for a limit out of range, or a place that there is not
 */
export function pageOf (models: readonly Model[], query: PageQuery): Page {
  const limit = limitOf(query['limit'])
  const { after_id: after, before_id: before } = query
  if (after !== undefined && before !== undefined) throw invalidRequest('before_id: Input should not be given beside after_id')
  if (before !== undefined) {
    const end = placeOf(models, before, 'before_id')
    const begin = Math.max(0, end - limit)
    return { models: models.slice(begin, end), hasMore: begin > 0 }
  }
  const begin = after === undefined ? 0 : placeOf(models, after, 'after_id') + 1
  return { models: models.slice(begin, begin + limit), hasMore: begin + limit < models.length }
}

function limitOf (given: unknown): number {
  if (given === undefined) return DEFAULT_LIMIT
  const limit = typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : 0
  if (limit < 1 || limit > MAX_LIMIT) throw invalidRequest(`limit: Input should be a number from 1 to ${MAX_LIMIT}`)
  return limit
}

function placeOf (models: readonly Model[], given: unknown, name: string): number {
  const place = models.findIndex(({ id }) => id === given)
  if (place === -1) throw invalidRequest(`${name}: there is no model ${String(given).slice(0, 200)} in the list`)
  return place
}
