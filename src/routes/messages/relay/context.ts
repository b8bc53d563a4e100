import type { Target } from '../../../provider.ts'
import type { UpstreamCall } from '../../../upstream/call.ts'
import type { RelayObserver } from '../../../upstream/relay-observer.ts'
import type { ReplyContext } from '../context.ts'

/** What a reply that passes through needs beside what every reply does. */
export interface RelayContext extends ReplyContext {
  readonly call: UpstreamCall
  readonly target: Target
  readonly observer: RelayObserver
}
