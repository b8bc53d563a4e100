import type { ApiError } from '../../errors.ts'
import { MessageCollector } from '../../message/collector.ts'
import { newMessageId } from '../../message/ids.ts'
import { MessageWriter } from '../../message/writer.ts'
import { isSuccess } from '../../upstream/check-status.ts'
import { networkError } from '../../upstream/network-error.ts'
import type { ClientReply } from './client-reply.ts'
import { failedReply } from './failed-reply.ts'
import { readDocument, sendDocument } from './document.ts'
import { readReply } from './read-reply.ts'
import type { Sent } from './send.ts'
import type { Work } from './work.ts'

/** Answers with one message. Nothing of it reaches the client before it is whole. */
export class PlainReply implements ClientReply {
  readonly committed = false
  readonly mayRelay = true
  readonly #work: Work

  constructor (work: Work) {
    this.#work = work
  }

  async receive (sent: Sent): Promise<ApiError | null> {
    const { call, attempt, passage } = sent
    const { exchange } = this.#work
    try {
      const head = await call?.head()
      if (call !== null && head !== undefined) {
        if (!isSuccess(head.status)) return await failedReply(call, head, sent, exchange)
        if (passage !== null && !String(head.headers['content-type']).includes('event-stream')) {
          // Also what is no answer may have been counted.
          attempt.account = passage.observer
          const document = await readDocument(call, passage, attempt.target.provider)
          await this.#send(document, sent, exchange.pass(attempt, head.headers))
          return null
        }
      }
      await this.#translate(sent)
      return null
    } catch (error) {
      return networkError(error, attempt.target.provider.name)
    }
  }

  fail (error: ApiError): void {
    throw error
  }

  drop (): void {}

  close (): void {}

  /** @throws {Error} when the reply failed */
  async #translate (sent: Sent): Promise<void> {
    const { asked, wire } = this.#work
    const collector = new MessageCollector(newMessageId(), asked.model)
    const writer = sent.attempt.account = new MessageWriter(collector, asked.maxCalls)
    await readReply(sent, asked, writer, () => undefined)
    const message = Buffer.from(JSON.stringify(wire.document(collector.take(), collector.filtered)))
    await this.#send(message, sent, {})
  }

  /** Sends the message, once it is in the account. */
  async #send (message: Buffer, { attempt }: Sent, headers: Record<string, string>): Promise<void> {
    const { exchange } = this.#work
    exchange.sentContent(attempt)
    const settled = this.#work.finish(null)
    if (settled !== undefined) await settled
    sendDocument(this.#work, message, headers)
  }
}
