import { type ApiError, invalidRequest } from '../../errors.ts'
import { adjustChat } from '../../ingress/openai/adjust-chat.ts'
import type { ChatBody } from '../../ingress/openai/body.ts'
import { ChunkEncoder } from '../../ingress/openai/chunk-encoder.ts'
import { chatCompletion } from '../../ingress/openai/completion.ts'
import { limitOf } from '../../ingress/openai/decode-request.ts'
import { chatErrorEvent } from '../../ingress/openai/error-body.ts'
import { chatFields } from '../../ingress/openai/field-names.ts'
import { fitClaude } from '../../ingress/openai/fit-claude.ts'
import type { Untold } from '../../ingress/openai/untold.ts'
import { newCompletionId } from '../../message/ids.ts'
import type { Asked, RequestPassing, Target } from '../../provider.ts'
import type { Adjustment } from '../../routing/adjust.ts'
import { ChatPassage } from '../../upstream/chat-passage.ts'
import type { Passage } from '../../upstream/passage.ts'
import type { Message, MessagesRequest } from '../../wire/anthropic.ts'
import type { ClientWire, ReplyEncoder } from '../messages/client-wire.ts'
import type { RequestBody } from '../messages/request-body.ts'

/** Clients of the chat-completions API. */
export class ChatWire implements ClientWire {
  readonly ingress = 'openai'
  readonly idHeader = 'x-request-id'
  /** A comment, which every reader of event streams skips (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
  readonly ping = ': waiting\n\n'
  readonly watchesContent = false
  readonly limited: boolean
  readonly #untold: Untold
  readonly #withUsage: boolean

  constructor (chat: ChatBody, untold: Untold) {
    this.#untold = untold
    this.#withUsage = chat.stream_options?.include_usage === true
    this.limited = limitOf(chat) !== undefined
  }

  passing ({ provider: { pair } }: Target): RequestPassing | undefined {
    return pair.chatRelay
  }

  adjusted ({ raw }: Pick<RequestBody, 'raw'>, members: Adjustment['members']): Buffer {
    return members === null ? raw : adjustChat(raw, members, this.limited)
  }

  fit (request: MessagesRequest, { provider, capabilities }: Target): ReturnType<ClientWire['fit']> {
    if (this.#untold.refusal !== null) throw invalidRequest(this.#untold.refusal)
    if (provider.pair.wire !== 'anthropic') return { request, dropped: this.#untold.dropped }
    const fitted = { ...request }
    return { request: fitted, dropped: [...this.#untold.dropped, ...fitClaude(fitted, capabilities.claude)] }
  }

  fields (names: readonly string[]): string[] {
    return chatFields(names)
  }

  passage (target: Target, asked: Asked): Passage {
    return new ChatPassage(target, asked, !this.#withUsage)
  }

  encoder ({ model }: Asked): ReplyEncoder {
    return new ChunkEncoder({ id: newCompletionId(), model, created: now() }, this.#withUsage)
  }

  document (message: Message, filtered: boolean): object {
    return chatCompletion(message, filtered, newCompletionId(), now())
  }

  errorEvent (error: ApiError): string {
    return chatErrorEvent(error)
  }
}

/** Seconds since 1970. */
function now (): number {
  return Math.floor(Date.now() / 1000)
}
