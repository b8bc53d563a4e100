import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { type ManyRows, UnexpectedCount } from '../store.ts'
import { type Answer, type Ask, type Outcome, type ThreadOptions, UNEXPECTED } from './protocol.ts'

/** A database said no. */
export class StoreError extends Error {
  override name = 'StoreError'
  readonly code: string | undefined

  constructor (message: string, code?: string) {
    super(message)
    this.code = code
  }
}

interface Waiting { readonly resolve: (outcome: Outcome) => void, readonly reject: (error: Error) => void }

type Question = Ask extends infer Each ? Each extends Ask ? Omit<Each, 'id'> : never : never

function errorOf ({ message, code }: { message: string, code: string | undefined }): Error {
  return code === UNEXPECTED ? new UnexpectedCount(message) : new StoreError(message, code)
}

/** The connection to an SQLite file, which a thread of its own has open. */
export class SqliteConnection implements DatabaseConnection {
  readonly #thread: Worker
  readonly #waiting = new Map<number, Waiting>()
  #last = 0
  #gone: Error | null = null

  private constructor (thread: Worker) {
    this.#thread = thread
    thread.on('message', (answer: Answer) => this.#answered(answer))
    thread.on('error', error => this.#lost(error))
    thread.on('exit', () => this.#lost(new StoreError('the thread of the database ended')))
    // What waits for an answer keeps the process alive; the thread alone does not.
    thread.unref()
  }

  /** @throws {Error} when the file cannot be opened, or is no database */
  static async open (options: Omit<ThreadOptions, 'unexpected'>): Promise<SqliteConnection> {
    const thread = new Worker(new URL('./thread.js', import.meta.url), { workerData: { ...options, unexpected: UNEXPECTED } satisfies ThreadOptions, execArgv: [] })
    await once(thread, 'message')
    return new SqliteConnection(thread)
  }

  async executeQuery<R> ({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.#ask({ type: 'query', sql, parameters })
    return { rows: rows as R[], numAffectedRows: BigInt(changes) }
  }

  /** Runs a batch as one transaction; who calls it has the connection to itself. @throws {UnexpectedCount} */
  async executeBatch (steps: readonly ManyRows[]): Promise<void> {
    await this.#ask({ type: 'batch', steps: JSON.stringify(steps) })
  }

  async * streamQuery<R> (): AsyncIterableIterator<QueryResult<R>> {
    throw new StoreError('reads of the store come in pages, not as streams')
  }

  async close (): Promise<void> {
    await this.#thread.terminate()
  }

  #ask (question: Question): Promise<Outcome> {
    if (this.#gone !== null) return Promise.reject(this.#gone)
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#thread.ref()
      this.#thread.postMessage({ ...question, id })
    })
  }

  #answered (answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#thread.unref()
    if ('error' in answer) waiting?.reject(errorOf(answer.error))
    else waiting?.resolve(answer.outcome)
  }

  #lost (error: Error): void {
    this.#gone ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
