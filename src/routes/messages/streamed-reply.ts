import type { ApiError } from '../../errors.ts'
import { EventStream } from '../../http/event-stream.ts'
import type { Attempt } from '../../http/exchange.ts'
import { Heartbeat } from '../../http/heartbeat.ts'
import { MessageWriter } from '../../message/writer.ts'
import { isSuccess } from '../../upstream/check-status.ts'
import { networkError } from '../../upstream/network-error.ts'
import type { Passage, ReplyRelay } from '../../upstream/passage.ts'
import type { ClientReply } from './client-reply.ts'
import type { ReplyEncoder } from './client-wire.ts'
import { failedReply } from './failed-reply.ts'
import { readReply } from './read-reply.ts'
import { relayEvents } from './relay-events.ts'
import type { Sent } from './send.ts'
import type { Work } from './work.ts'

/**
 * Answers with an event stream. One stream and one heartbeat serve all tries: the client is kept while another target is
 * asked.
 */
export class StreamedReply implements ClientReply {
  readonly #work: Work
  readonly #client: EventStream
  readonly #heartbeat: Heartbeat
  /** Headers of the upstream's that pass, where its events do. */
  #passed: Record<string, string> = {}
  #committed = false
  /** The empty block that the client got to keep it waiting. */
  #opened: 'text' | 'thinking' | null = null
  /** Events that show content where there is none. */
  #keepAlive: () => string | Buffer

  constructor (work: Work) {
    const { reply, exchange, wire, routed: { config } } = work
    this.#work = work
    this.#keepAlive = () => wire.ping
    this.#client = new EventStream(reply.raw, () => ({ ...exchange.headers, ...this.#passed }), config.timeout)
    this.#heartbeat = new Heartbeat({
      ...config.stream,
      ping: () => this.#client.beat(() => wire.ping),
      content: () => this.#client.beat(() => this.#keepAlive())
    })
  }

  get committed (): boolean { return this.#committed }

  get mayRelay (): boolean { return this.#opened === null }

  async receive (sent: Sent): Promise<ApiError | null> {
    const { passage, attempt } = sent
    try {
      return await (passage === null ? this.#translate(sent) : this.#pass(sent, passage))
    } catch (error) {
      return networkError(error, attempt.target.provider.name)
    } finally {
      // Until the next try the client is kept by pings: the writer of one that failed still holds its error.
      this.#keepAlive = () => this.#work.wire.ping
      this.#passed = {}
    }
  }

  fail (error: ApiError): void {
    const { reply, exchange, request, wire } = this.#work
    if (!this.#client.opened && !this.#client.closed) throw error
    if (!exchange.left) exchange.error = error
    reply.hijack()
    this.#client.end(wire.errorEvent(error, request.id))
  }

  close (): void {
    this.#heartbeat.stop()
  }

  /** Gives up a client that does not read. */
  drop (): void {
    this.#client.drop()
  }

  /** Writes the reply anew, as events. */
  async #translate (sent: Sent): Promise<ApiError | null> {
    const { call, attempt } = sent
    const { asked, request, exchange, wire } = this.#work
    const encoder = wire.encoder(asked, request.id)
    const writer = attempt.account = new MessageWriter(encoder, asked.maxCalls)
    if (this.#opened !== null) adopt(this.#opened, writer, encoder)
    if (wire.watchesContent) this.#keepAlive = () => this.#showLife(writer, encoder)
    const head = await call?.head()
    if (call !== null && head !== undefined && !isSuccess(head.status)) return await failedReply(call, head, sent, exchange)
    try {
      await readReply(sent, asked, writer, () => this.#send(encoder.take(), sent))
    } catch (error) {
      writer.fail(networkError(error, attempt.target.provider.name))
    }
    const { failure } = writer
    if (failure === null || this.#committed) await this.#end(encoder.take(), sent, failure)
    return failure
  }

  #showLife (writer: MessageWriter, encoder: ReplyEncoder): string {
    const kind = this.#expected
    writer.keepAlive(kind)
    if (!this.#committed) this.#opened = kind
    return encoder.take()
  }

  /** The kind of block that the answer will most likely begin with. */
  get #expected (): 'text' | 'thinking' {
    const { thinking } = this.#work.asked
    return thinking && thinking.type !== 'disabled' ? 'thinking' : 'text'
  }

  /** Lets the reply's own events pass. */
  async #pass (sent: Sent, passage: Passage): Promise<ApiError | null> {
    const { call, attempt } = sent
    const { request, exchange, wire } = this.#work
    const { observer } = passage
    if (call === null) return this.#translate(sent)
    const relay = passage.relay()
    this.#keepAlive = () => this.#showRelayed(relay, sent)
    const head = await call.head()
    if (!isSuccess(head.status)) return await failedReply(call, head, sent, exchange)
    if (!String(head.headers['content-type']).includes('event-stream')) return this.#translate(sent)
    attempt.account = observer
    this.#passed = exchange.pass(attempt, head.headers)
    let last: Buffer | string = ''
    try {
      last = await relayEvents(call, relay, observer, attempt.target.provider, events => this.#send(events, sent))
    } catch (error) {
      const failure = observer.error ??= networkError(error, attempt.target.provider.name)
      call.abort(failure)
      if (this.#committed) last = wire.errorEvent(failure, request.id)
    }
    if (observer.error === null || this.#committed || last.length > 0) await this.#end(last, sent, observer.error)
    return observer.error
  }

  #showRelayed (relay: ReplyRelay, { attempt }: Sent): string | Buffer {
    const events = relay.showLife()
    if (events === null) return this.#work.wire.ping
    this.#commit(attempt)
    return events
  }

  #send (events: string | Buffer, { attempt }: Sent): Promise<void> | undefined {
    if (events.length === 0) return undefined
    this.#heartbeat.sentContent()
    this.#commit(attempt)
    return this.#client.write(events)
  }

  #commit (attempt: Attempt): void {
    if (this.#committed) return
    this.#committed = true
    this.#work.exchange.sentContent(attempt)
    this.#work.body.letGo()
  }

  /** Sends the last events, once what the client then has is in the account. */
  async #end (events: string | Buffer, { attempt }: Sent, error: ApiError | null): Promise<void> {
    if (events.length > 0) this.#commit(attempt)
    // The end is on its way: nothing may come before it any more.
    this.#heartbeat.stop()
    this.#work.reply.hijack()
    const settled = this.#work.finish(error)
    if (settled !== undefined) await settled
    this.#client.end(events)
  }
}

/** A writer goes on from the empty block that the client has already: what it prints for that was sent by the one before. */
function adopt (opened: 'text' | 'thinking', writer: MessageWriter, encoder: ReplyEncoder): void {
  writer.keepAlive(opened)
  encoder.take()
}
