import type { Config } from './config/snapshot.ts'
import type { Route } from './routing/route.ts'
import type { RequestTraits } from './routing/traits.ts'

/** A request with its route, and the configuration that it was routed by: it is read once per request. */
export interface Routed {
  readonly config: Config
  readonly traits: RequestTraits
  readonly route: Route
}
