import { ApiError } from '../../errors.ts'
import type { Provider } from '../../provider.ts'
import type { UpstreamCall } from '../../upstream/call.ts'
import { EventRelay } from '../../upstream/event-relay.ts'
import type { RelayObserver } from '../../upstream/relay-observer.ts'

/**
 * The loop of a reply that passes: read, look, write, until the message is whole.
 * @param send sends events on; a promise where the client must catch up first
 * @throws {Error} when the reply broke, and the client has not been told so by the provider itself
 */
export async function relayEvents (call: UpstreamCall, observer: RelayObserver, model: string, provider: Provider, send: (events: Buffer) => Promise<void> | undefined): Promise<void> {
  const relay = new EventRelay(observer, model, provider)
  for (let bytes = await call.read(); bytes !== null; bytes = await call.read()) {
    const caughtUp = send(relay.push(bytes))
    if (caughtUp !== undefined) await caughtUp
    if (observer.error !== null) {
      call.abort(observer.error)
      if (relay.bareError) throw observer.error
      return
    }
    if (observer.finished) {
      call.release()
      return
    }
  }
  await send(relay.end())
  if (!observer.finished && observer.error === null) throw new ApiError('api_error', `${provider.name} ended the reply before it was complete.`, { status: 502 })
}
