import { lookup as lookUp } from 'node:dns'
import { lookup as lookUpAll } from 'node:dns/promises'
import { type LookupFunction, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, type Dispatcher, request } from 'undici'
import { invalidRequest } from '../errors.ts'

export interface MediaLimits {
  /** The most that is loaded for one request, in bytes. */
  maxBytes: number
  /** Milliseconds that loading may take, redirects included. */
  timeout: number
  /** Host names and addresses that may be private: the team's own servers. */
  allowHosts: readonly string[]
}

/** A file as the Messages API carries it. */
export interface Media { media_type: string, data: string }

/** What may still be loaded for a request. */
export interface MediaBudget { bytes: number }

const MAX_REDIRECTS = 3
const CARRIED = /^(?:image\/[\w.+-]+|application\/pdf|text\/plain)$/

/**
 * Loads the files that requests name by URL, for wires that take none. It is the gateway that asks, so a client must not
 * reach through it what only the gateway can: addresses that are not public are refused, also where a name or a redirect
 * leads to one, and also where a proxy would do the asking.
 */
export class MediaLoader {
  readonly #limits: MediaLimits
  readonly #direct: Dispatcher
  readonly #proxy: Dispatcher | undefined

  /** @param proxy goes to public servers in the gateway's place, where one is configured */
  constructor (limits: MediaLimits, proxy: Dispatcher | undefined) {
    this.#limits = limits
    this.#direct = new Agent({ connect: { lookup: this.#lookup }, connections: 16 })
    this.#proxy = proxy
  }

  /** What one request may load. */
  newBudget (): MediaBudget {
    return { bytes: this.#limits.maxBytes }
  }

  /** Lets what is being loaded come to its end. */
  close (): void {
    // Nothing is lost by one that fails to close.
    for (const way of [this.#direct, this.#proxy]) way?.close().catch(() => {})
  }

  /** @throws {ApiError} 400, when it cannot be loaded: the message says why */
  async load (url: string, budget: MediaBudget, signal: AbortSignal): Promise<Media> {
    try {
      return await this.#load(url, budget, AbortSignal.any([signal, AbortSignal.timeout(this.#limits.timeout)]))
    } catch (error) {
      throw invalidRequest(`The file at ${url.slice(0, 500)} could not be loaded: ${reasonOf(error)}.`)
    }
  }

  async #load (url: string, budget: MediaBudget, signal: AbortSignal): Promise<Media> {
    let address = url
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const checked = this.#checked(address)
      const dispatcher = await this.#wayTo(checked.hostname)
      const { statusCode, headers, body } = await request(checked, { dispatcher, signal, headers: { accept: 'image/*, application/pdf, text/plain' } })
      const type = String(headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
      if (statusCode === 200 && CARRIED.test(type)) return { media_type: type, data: await this.#read(body, budget) }
      await body.dump({ limit: 1 }).catch(() => {})
      if (statusCode === 200) throw new LoadError(`it is ${type === '' ? 'of no named type' : type}, and neither an image nor a PDF`)
      const { location } = headers
      if (statusCode < 300 || statusCode >= 400 || typeof location !== 'string') throw new LoadError(`its server answered with status ${statusCode}`)
      address = new URL(location, address).href
    }
    throw new LoadError(`it is redirected more than ${MAX_REDIRECTS} times`)
  }

  /** A proxy looks names up by itself, so they are looked at here first; the team's own servers are not behind it. */
  async #wayTo (hostname: string): Promise<Dispatcher> {
    if (this.#proxy === undefined || this.#limits.allowHosts.includes(hostname)) return this.#direct
    if (isIP(hostname.replace(/^\[|\]$/g, '')) === 0) {
      const addresses = await lookUpAll(hostname, { all: true })
      if (!addresses.every(({ address }) => this.#isAllowed(hostname, address))) throw new LoadError('its address is not public')
    }
    return this.#proxy
  }

  #checked (address: string): URL {
    if (!URL.canParse(address)) throw new LoadError('it is no URL')
    const url = new URL(address)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new LoadError('only http and https are loaded')
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !this.#isAllowed(host, host)) throw new LoadError('its address is not public')
    return url
  }

  async #read (body: AsyncIterable<Buffer>, budget: MediaBudget): Promise<string> {
    const pieces: Buffer[] = []
    for await (const piece of body) {
      budget.bytes -= piece.length
      if (budget.bytes < 0) throw new LoadError(`the files of a request may have ${this.#limits.maxBytes} bytes together`)
      pieces.push(piece)
    }
    return Buffer.concat(pieces).toString('base64')
  }

  /** Looks a name up, and hands over none of its addresses if one is not public. The connection goes to what was checked here. */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0)
      if (!addresses.every(({ address }) => this.#isAllowed(hostname, address))) return callback(new LoadError('its address is not public'), '', 0)
      const [first] = addresses
      if (options.all === true) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family ?? 0)
    })
  }

  #isAllowed (hostname: string, address: string): boolean {
    return this.#limits.allowHosts.includes(hostname) || ipaddr.process(address).range() === 'unicast'
  }
}

/** A reason that may be told. */
class LoadError extends Error {}

function reasonOf (error: unknown): string {
  if (error instanceof LoadError) return error.message
  const { name, code } = error as { name?: string, code?: string }
  return name === 'TimeoutError' ? 'it takes too long' : `its server cannot be reached${code === undefined ? '' : ` (${code})`}`
}
