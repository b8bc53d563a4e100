import { EventEmitter } from 'node:events'
import type { BaseLogger } from 'pino'
import type { RequestTraits } from '../routing/traits.ts'
import type { MessagesRequest } from '../wire/anthropic.ts'
import { filePath, fileProblem, inTime, loadExport } from './load-file.ts'

/** The service's log, for a router of the user's. */
export type CustomLog = Pick<BaseLogger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'>

/** What a router of the user's gets as its first argument: a request in the form of claude-code-router. */
interface CustomRequest {
  /** A copy: what is changed in it changes nothing. */
  body: MessagesRequest
  readonly headers: RequestTraits['headers']
  readonly method: string
  readonly url: string
  /** Tokens of the prompt. */
  readonly tokenCount: number
  readonly sessionId: string | undefined
  /** What the rules know of it; a copy, too. */
  readonly traits: RequestTraits
  readonly log: CustomLog
}

/** The function that a user's file exports: claude-code-router's contract. */
type CustomFunction = (request: CustomRequest, config: unknown, context: { event: EventEmitter }) => unknown

/** What the user's router said of a request: a name, or nothing; and what went wrong with it. */
export interface CustomAnswer { readonly said: string | null, readonly problem?: string }

/** The router of a user's file. */
export class CustomRouter {
  readonly file: string
  readonly #call: CustomFunction
  readonly #config: unknown
  readonly #timeout: number
  readonly #event = new EventEmitter()

  /** @param config the document, as the function gets it; @param timeout milliseconds that it may take */
  constructor (file: string, call: CustomFunction, config: unknown, timeout: number) {
    this.file = file
    this.#call = call
    this.#config = config
    this.#timeout = timeout
  }

  /** Asks it. Whatever goes wrong is an answer, in words: the rules go on without it. */
  async ask (body: MessagesRequest, url: string, traits: RequestTraits, log: CustomLog): Promise<CustomAnswer> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`it took more than ${this.#timeout} ms`)), this.#timeout)
    })
    try {
      const said = await Promise.race([this.#run(body, url, traits, log), late])
      if (said === null || said === undefined || said === '') return { said: null }
      return typeof said === 'string' ? { said } : { said: null, problem: `it returned ${Array.isArray(said) ? 'a list' : `a ${typeof said}`}, and not "provider,model" or null` }
    } catch (error) {
      return { said: null, problem: error instanceof Error ? error.message : String(error) }
    } finally {
      clearTimeout(timer)
    }
  }

  async #run (body: MessagesRequest, url: string, traits: RequestTraits, log: CustomLog): Promise<unknown> {
    let copy: MessagesRequest | undefined
    let known: RequestTraits | undefined
    const request: CustomRequest = {
      // Routers write `request.body = …`, too.
      get body () { return (copy ??= structuredClone(body)) },
      set body (own) { copy = own },
      headers: { ...traits.headers },
      method: 'POST',
      url,
      tokenCount: traits.promptTokens,
      sessionId: traits.session,
      get traits () { return (known ??= structuredClone(traits)) },
      log
    }
    return this.#call(request, this.#config, { event: this.#event })
  }
}

/**
 * Loads the router at `CUSTOM_ROUTER_PATH`.
 * @param problems gets a line where the file cannot be used
 */
export async function loadCustomRouter (path: string, folder: string, config: unknown, timeout: number, problems: string[]): Promise<CustomRouter | undefined> {
  const file = filePath(path, folder)
  try {
    const exported = await inTime(loadExport(file, 'router'))
    if (typeof exported === 'function') return new CustomRouter(file, exported as CustomFunction, config, timeout)
    problems.push(`CUSTOM_ROUTER_PATH: ${file} exports no function; it must export one (request, config) that returns "provider,model" or null`)
  } catch (error) {
    problems.push(`CUSTOM_ROUTER_PATH: ${file} ${fileProblem(error)}`)
  }
  return undefined
}
