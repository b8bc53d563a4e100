import { ConfigError } from '../../config/config-error.ts'
import { Conflict, PlaceError } from '../../config/place/place.ts'
import { ApiError } from '../../errors.ts'
import { etagOf } from './if-match.ts'

/** Runs what asks for the document; its errors are told in the form of all others. */
export async function told<T> (work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw errorOf(error)
  }
}

function errorOf (error: unknown): unknown {
  if (error instanceof ConfigError) return new ApiError('invalid_request_error', `Nothing was changed. ${error.message}`, { problems: error.problems, cause: error })
  // A full disk, or a database that does not answer: it may be well again later.
  if (error instanceof PlaceError) return new ApiError('api_error', error.message, { status: 503, cause: error })
  if (!(error instanceof Conflict)) return error
  return new ApiError('invalid_request_error', 'if-match: the configuration was changed by somebody else; read it anew, and make your change again', { status: 412, headers: { etag: etagOf(error.revision) } })
}
