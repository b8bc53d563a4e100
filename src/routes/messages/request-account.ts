import { type Entry, NO_TOKENS, totalOf } from '../../account/entry.ts'
import { costOf } from '../../account/cost.ts'
import type { Identity } from '../../account/identity.ts'
import type { ApiError } from '../../errors.ts'
import type { Attempt, Exchange } from '../../http/exchange.ts'
import type { Headers, Target } from '../../provider.ts'
import type { Routed } from '../../routed.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { type Common, openEntry, settledEntry } from './entries.ts'
import { tally } from './tally.ts'

/** What a request's tries are noted with. */
export interface AccountParts {
  readonly ledger: Ledger
  readonly instance: string
  readonly identity: Identity
  readonly routed: Routed
  readonly headers: Headers
  readonly ingress: Entry['ingress']
  tokensFor (target: Target): number
  /** Whether the service stops. */
  stopped (): boolean
  /** Takes in what a try cost. Micro-dollars. */
  spent (target: Target, cost: number): void
}

/** What a request came to, over all of its tries. */
export interface Total {
  /** Micro-dollars, of the tries that have a price; null where none has. */
  readonly cost: number | null
  readonly tokens: number
  /** Whether anything was sent at all. */
  readonly sent: boolean
}

/**
 * Notes the tries of one request in the ledger: each when it begins, and again when it is over. A try that another one
 * follows is settled when that begins; the last one before the client gets the last bytes, so that what it saw finished is
 * in the account.
 */
export class RequestAccount {
  readonly #parts: AccountParts
  readonly #exchange: Exchange
  /** What all entries of the request have in common. */
  readonly #common: Common
  /** The entry of the try that is under way. */
  #open: { readonly attempt: Attempt, readonly entry: Entry } | null = null
  /** Of the tries that have a price. */
  #cost: number | null = null
  #tokens = 0

  constructor (parts: AccountParts, exchange: Exchange) {
    this.#parts = parts
    this.#exchange = exchange
    this.#common = commonOf(parts, exchange)
  }

  /** What the tries that are settled came to. */
  get total (): Total { return { cost: this.#cost, tokens: this.#tokens, sent: this.#exchange.attempts.length > 0 } }

  /** A try begins: now, before anything is sent. */
  begin (attempt: Attempt): void {
    this.#settle(this.#exchange.attempts.at(-2)?.error ?? null, false)
    const { ledger, tokensFor, routed: { config } } = this.#parts
    const { target } = attempt
    const prompt = tokensFor(target)
    // If nothing else is heard of it, it is taken to have read the prompt.
    const tokens = { ...NO_TOKENS, input: prompt }
    const cost = costOf(tokens, config.prices.find(target.provider.name, target.model, prompt))
    const entry = openEntry(this.#common, this.#exchange.attempts.length, target, tokens, cost)
    this.#open = { attempt, entry }
    ledger.open(entry)
  }

  /**
   * The last try is over.
   * @returns a promise for the moment in which that is on disk, or need not be waited for any longer
   */
  end (error: ApiError | null): Promise<void> | undefined {
    if (this.#open === null) return undefined
    this.#settle(error, true)
    return this.#parts.ledger.written()
  }

  #settle (error: ApiError | null, last: boolean): void {
    if (this.#open === null) return
    const { attempt, entry } = this.#open
    const { ledger, stopped, routed: { config } } = this.#parts
    this.#open = null
    const result = tally(attempt, error, { left: this.#exchange.left, stopped: stopped() }, entry.tokens.input, config)
    this.#tokens += totalOf(result.tokens)
    if (result.cost !== null) this.#parts.spent(attempt.target, result.cost)
    if (result.cost !== null) this.#cost = (this.#cost ?? 0) + result.cost
    ledger.settle(settledEntry(entry, result, last))
  }
}

function commonOf ({ instance, identity, routed: { traits, route }, headers, ingress }: AccountParts, { requestId, stream }: Exchange): Common {
  return {
    requestId,
    instance,
    key: identity.id,
    team: identity.team,
    session: traits.session ?? null,
    agent: traits.agent ?? null,
    parentAgent: traits.parentAgent ?? null,
    client: clientOf(headers['user-agent']),
    ingress,
    scenario: route.rule.split('.', 1)[0] ?? route.rule,
    rule: route.rule,
    requestedModel: traits.model,
    streamed: stream
  }
}

/** The program that asks, and its version: what a user agent begins with. */
function clientOf (agent: unknown): string | null {
  return typeof agent === 'string' && agent !== '' ? agent.split(' ', 1)[0] ?? null : null
}
