export interface QueueSettings {
  /** Requests that run at once; Infinity for no limit. */
  readonly limit: number
  /** Requests that may wait. */
  readonly maxWaiting: number
  /** How long each may wait, in ms. */
  readonly maxWait: number
}

/** full: too many wait already. timeout: its turn did not come in time. left: it left before its turn came. */
export type QueueRefusal = 'full' | 'timeout' | 'left'

const WORDS: Record<QueueRefusal, string> = {
  full: 'Too many requests wait already.',
  timeout: 'The turn of the request did not come in time.',
  left: 'The request left before its turn came.'
}

export class QueueError extends Error {
  override name = 'QueueError'
  readonly reason: QueueRefusal

  constructor (reason: QueueRefusal) {
    super(WORDS[reason])
    this.reason = reason
  }
}

/** A request's place among those that run, or in the queue for it. */
export interface Place {
  /**
   * Resolves when the request may run; undefined when it may at once. Rejects with a {@link QueueError} when it never
   * will. It may be left unawaited: its rejection counts as handled.
   */
  readonly ready: Promise<void> | undefined
  /** Gives the place up, whether the request runs, waits or was refused. To call it again does nothing. */
  leave (): void
}

/**
 * Lets so many requests to a provider run at once, and the others wait. Turns go round among those that wait, so a
 * session with a hundred subagents delays another's request by one turn at a time, not by a hundred.
 */
export class FairQueue {
  #settings: QueueSettings
  #running = 0
  #waiting = 0
  /** By who waits: their requests, first come first. In the order of whose turn is next. */
  readonly #lines = new Map<string, Set<WaitingPlace>>()
  readonly #end = (): void => {
    this.#running--
    this.#serve()
  }

  constructor (settings: QueueSettings) {
    this.#settings = settings
  }

  get running (): number { return this.#running }
  get waiting (): number { return this.#waiting }

  /** What runs or waits goes on: a lower limit is reached as requests end, other times hold for those still to come. */
  reconfigure (settings: QueueSettings): void {
    this.#settings = settings
    this.#serve()
  }

  /**
   * @param who a session or a key: turns are dealt to each in turn
   * @throws {QueueError} when too many wait
   */
  enter (who: string): Place {
    const { limit, maxWaiting, maxWait } = this.#settings
    if (this.#running < limit) {
      this.#running++
      return new RunningPlace(this.#end)
    }
    if (this.#waiting >= maxWaiting) throw new QueueError('full')
    const place = new WaitingPlace(maxWait, this.#end, () => this.#remove(who, place))
    const line = this.#lines.get(who)
    if (line === undefined) this.#lines.set(who, new Set([place]))
    else line.add(place)
    this.#waiting++
    return place
  }

  #serve (): void {
    while (this.#running < this.#settings.limit) {
      const [next] = this.#lines
      if (next === undefined) return
      const [who, line] = next
      const [place] = line
      if (place === undefined) return
      this.#remove(who, place)
      // Whoever had a turn goes to the end, for as long as they have more that waits.
      if (this.#lines.delete(who)) this.#lines.set(who, line)
      this.#running++
      place.run()
    }
  }

  /** An empty line is not kept: there are as many names as there ever were sessions. */
  #remove (who: string, place: WaitingPlace): void {
    const line = this.#lines.get(who)
    if (line?.delete(place) !== true) return
    this.#waiting--
    if (line.size === 0) this.#lines.delete(who)
  }
}

/** A place that was free. */
class RunningPlace implements Place {
  readonly ready = undefined
  #end: (() => void) | undefined

  constructor (end: () => void) {
    this.#end = end
  }

  leave (): void {
    const end = this.#end
    this.#end = undefined
    end?.()
  }
}

/** The longest that a timer waits, in ms; it would fire at once for more (https://nodejs.org/api/timers.html). */
const LONGEST = 2 ** 31 - 1

class WaitingPlace implements Place {
  readonly ready: Promise<void>
  readonly #end: () => void
  #settle: { resolve: () => void, reject: (error: QueueError) => void } | undefined
  readonly #timer: NodeJS.Timeout
  /** What leaving does now; undefined once it was done. */
  #leave: (() => void) | undefined

  /**
   * @param maxWait ms
   * @param end ends its run
   * @param remove takes it out of the queue
   */
  constructor (maxWait: number, end: () => void, remove: () => void) {
    this.#end = end
    this.ready = new Promise((resolve, reject) => { this.#settle = { resolve, reject } })
    // Who left awaits nothing any more, and a rejection that nobody awaits would end the process.
    this.ready.catch(() => {})
    const refuse = (reason: QueueRefusal): void => {
      clearTimeout(this.#timer)
      remove()
      this.#settle?.reject(new QueueError(reason))
    }
    this.#leave = () => refuse('left')
    this.#timer = setTimeout(() => refuse('timeout'), Math.min(maxWait, LONGEST)).unref()
  }

  /** Its turn has come. */
  run (): void {
    clearTimeout(this.#timer)
    this.#leave = this.#end
    this.#settle?.resolve()
  }

  leave (): void {
    const leave = this.#leave
    this.#leave = undefined
    leave?.()
  }
}
