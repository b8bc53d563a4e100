import { ApiError } from '../../errors.ts'
import type { Provider } from '../../provider.ts'
import type { UpstreamCall } from '../../upstream/call.ts'
import type { ReplyObserver, ReplyRelay } from '../../upstream/passage.ts'

/**
 * The loop of a reply that passes: read, look, write, until the message is whole.
 * @returns the last events, which are still to be sent
 * @param send sends events on; a promise where the client must catch up first
 * @throws {Error} when the reply broke, and the client has not been told so by the provider itself
 */
export async function relayEvents (call: UpstreamCall, relay: ReplyRelay, observer: ReplyObserver, provider: Provider, send: (events: Buffer) => Promise<void> | undefined): Promise<Buffer> {
  // An error that clients would not see in what the provider sent is told by us.
  const lastWords = async (events: Buffer): Promise<Buffer> => {
    if (!relay.bareError || observer.error === null) return events
    await send(events)
    throw observer.error
  }
  for (let bytes = await call.read(); bytes !== null; bytes = await call.read()) {
    const events = relay.push(bytes)
    if (observer.error !== null) {
      call.abort(observer.error)
      return lastWords(events)
    }
    if (observer.finished) {
      call.release()
      return whole(events, observer, provider)
    }
    const caughtUp = send(events)
    if (caughtUp !== undefined) await caughtUp
    if (observer.expectsEnd) call.expectEnd()
  }
  const last = relay.end()
  if (observer.error !== null) return lastWords(last)
  if (observer.finished) return whole(last, observer, provider)
  await send(last)
  throw new ApiError('api_error', `${provider.name} ended the reply before it was complete.`, { status: 502 })
}

/** @throws {ApiError} when a message ends and there is nothing in it: not even a reason to stop, which may stand alone */
function whole (last: Buffer, { hasContent }: ReplyObserver, { name }: Provider): Buffer {
  if (hasContent) return last
  throw new ApiError('api_error', `${name} answered with an empty reply.`, { status: 502 })
}
