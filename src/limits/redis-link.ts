import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from 'pino'
import type { RedisAddress } from './redis-address.ts'
import { PROBE, SCRIPTS, type Script } from './scripts.ts'

/** How long a request may wait for Redis. Milliseconds. */
const ANSWER = 200
/** How long Redis may take to be connected to, and for any of the words that are said then. Milliseconds. */
const CONNECT = 2000
/** The pause between two attempts to connect grows up to this. Milliseconds. */
const MAX_RETRY = 2000
/** A connection that failed to answer is given up after this; the next one after twice as long, and so on. Milliseconds. */
const PAUSE = 1000
const MAX_PAUSE = 30_000
/** An outage that begins within this after another is the same in truth: nothing is begun anew. Milliseconds. */
const SOON = 60_000

/** Reconnects for ever; a command that cannot be sent, or is not answered in time, fails at once and is not sent again. */
const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  commandTimeout: CONNECT,
  connectTimeout: CONNECT,
  disconnectTimeout: ANSWER,
  retryStrategy: (times: number) => Math.min(MAX_RETRY, 50 * 2 ** Math.min(times, 10)) * (0.75 + Math.random() / 2)
} satisfies RedisOptions

/** A client for Redis that makes nobody wait for long. */
export function createRedis (address: RedisAddress): Redis {
  return new Redis({ ...OPTIONS, ...address })
}

/**
 * Waits {@link ANSWER} ms at most. Where it was this process that was busy for so long, what has arrived meanwhile is read before
 * that counts as too late: a timer is told of it earlier than a socket.
 */
async function inTime<Result> (work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => setImmediate(() => reject(new Error(`no answer within ${ANSWER} ms`))), ANSWER)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Runs scripts in a Redis for as long as it answers. Once it does not, nobody asks it any more, until a new connection has
 * proved good; each such outage is told once when it begins, and once when it is over.
 */
export class RedisLink {
  readonly #redis: Redis
  readonly #place: object
  readonly #log: Logger
  readonly #onBack: (() => void)[] = []
  #up = false
  #closed = false
  /** When the outage began, and when the last one was over, by the clock. */
  #downSince: number | null = null
  #backSince = -Infinity
  #pause = PAUSE
  #timer: NodeJS.Timeout | undefined
  /** Called once it is known whether Redis answers. */
  #known: () => void = () => {}

  /** @param place where Redis is, for the log */
  constructor (redis: Redis, place: object, log: Logger) {
    this.#redis = redis
    this.#place = place
    this.#log = log
    redis.on('ready', () => { this.#prove().then(() => this.#back(), (error: Error) => this.#failed(error)) })
    redis.on('error', (error: NodeJS.ErrnoException) => this.#failed(error))
    redis.on('close', () => this.#failed(new Error('the connection was closed')))
  }

  /** Whether Redis answers, as far as is known. */
  get up (): boolean { return this.#up }

  /**
   * Connects.
   * @param patience how long to wait for that, in ms
   * @returns a promise for the moment in which Redis answers, or is known not to, or patience is over; it never rejects
   */
  open (patience: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, patience)
      this.#known = () => {
        clearTimeout(timer)
        resolve()
      }
      // What fails is told by events.
      this.#redis.connect().catch(() => {})
    })
  }

  /** Calls `listener` whenever Redis answers again, or for the first time. */
  onBack (listener: () => void): void {
    this.#onBack.push(listener)
  }

  /** @returns what the script answers; undefined where Redis does not, within {@link ANSWER} ms; it never rejects */
  async ask (script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<readonly number[] | undefined> {
    if (!this.#up) return undefined
    try {
      return await inTime(this.#run(script, keys, values))
    } catch (error) {
      this.#failed(error as Error)
      return undefined
    }
  }

  /** The same where nobody needs the answer. */
  tell (script: Script, keys: readonly string[], values: readonly (string | number)[]): void {
    this.ask(script, keys, values).catch(() => {})
  }

  /** Lets what is under way come to its end, and disconnects. */
  async close (): Promise<void> {
    this.#closed = true
    this.#up = false
    clearTimeout(this.#timer)
    this.#known()
    if (this.#redis.status === 'ready') await inTime(this.#redis.quit()).catch(() => {})
    this.#redis.disconnect()
  }

  async #run ({ lua, sha }: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<readonly number[]> {
    try {
      return await this.#redis.evalsha(sha, keys.length, ...keys, ...values) as number[]
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
      return await this.#redis.eval(lua, keys.length, ...keys, ...values) as number[]
    }
  }

  /** All scripts are loaded first: one that is sent again because it was not known would run behind later ones. */
  async #prove (): Promise<void> {
    await Promise.all(SCRIPTS.map(({ lua }) => this.#redis.script('LOAD', lua)))
    await inTime(this.#run(PROBE, ['switchyard:probe'], []))
  }

  #back (): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#up = true
    if (this.#downSince !== null) {
      this.#log.info({ redis: this.#place, seconds: Math.round((performance.now() - this.#downSince) / 1000) }, 'Redis is back: limits hold over all replicas again')
      this.#backSince = performance.now()
    }
    this.#downSince = null
    this.#known()
    for (const listener of this.#onBack) listener()
  }

  #failed (error: NodeJS.ErrnoException): void {
    if (this.#closed) return
    this.#up = false
    this.#known()
    if (this.#downSince === null) {
      this.#downSince = performance.now()
      if (this.#downSince - this.#backSince > SOON) this.#pause = PAUSE
      // Not the error itself: the command that failed is in it, a password maybe among its words.
      this.#log.warn({ redis: this.#place, problem: error.message || error.code }, 'Redis does not answer: until it does, limits hold for each process by itself')
    }
    this.#giveUp()
  }

  /** A connection that is lost is made anew by the client itself; one that is of no use has to be given up, in a while. */
  #giveUp (): void {
    if (this.#timer !== undefined || this.#redis.status !== 'ready') return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#redis.status === 'ready') this.#redis.disconnect(true)
    }, this.#pause).unref()
    this.#pause = Math.min(MAX_PAUSE, this.#pause * 2)
  }
}
