import { invalidRequest } from '../../errors.ts'
import type { Provider, UpstreamRequest } from '../../provider.ts'

/** @throws {ApiError} when something of a request is lost on the way to a provider whose configuration forbids that */
export function checkLosses ({ dropped }: UpstreamRequest, { name, strict }: Provider): void {
  if (strict && dropped.length > 0) throw invalidRequest(`${dropped.join(', ')}: cannot be carried to ${name}, which is configured as strict`)
}
