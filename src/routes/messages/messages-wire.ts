import { newMessageId } from '../../message/ids.ts'
import { spliceRequest } from '../../message/splice.ts'
import { PING_EVENT, SseEncoder, errorEvent } from '../../message/sse-encoder.ts'
import type { Target } from '../../provider.ts'
import { MessagesPassage } from '../../upstream/messages-passage.ts'
import type { ClientWire } from './client-wire.ts'
import { relayOf } from './relay-of.ts'

/** Clients of the Messages API. Claude Code's watchdog counts content only. */
export const MESSAGES_WIRE: ClientWire = {
  ingress: 'anthropic',
  ping: PING_EVENT,
  watchesContent: true,
  limited: true,
  passing: relayOf,
  adjusted: ({ parsed, raw }, members) => members === null ? raw : spliceRequest(raw, parsed, members, () => undefined),
  fit: request => ({ request, dropped: [] }),
  fields: names => names,
  passage: (target, { model }) => new MessagesPassage(relayIn(target), target, model),
  encoder: ({ model }, requestId) => new SseEncoder(newMessageId(), model, requestId),
  document: message => message,
  errorEvent
}

function relayIn (target: Target): NonNullable<ReturnType<typeof relayOf>> {
  const relay = relayOf(target)
  if (relay === undefined) throw new Error(`${target.name} does not speak the Messages API.`)
  return relay
}
