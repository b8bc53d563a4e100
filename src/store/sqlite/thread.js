// @ts-check
/**
 * The thread that has the SQLite file open. A commit waits for the disk, and a long read takes what it takes: neither may
 * hold up the streams of the main thread.
 *
 * Plain JavaScript that imports nothing of ours: so it starts as it is, built or not, in a few milliseconds.
 *
 * @import { ManyRows } from '../store.ts'
 * @import { Answer, Ask, Outcome, ThreadOptions } from './protocol.ts'
 */
import Database from 'libsql'
import { parentPort, workerData } from 'node:worker_threads'

/** Statements that stay prepared; there are fewer in the program. */
const MAX_PREPARED = 200
/** Milliseconds to wait for another process that writes. */
const BUSY_TIMEOUT = 5000

/** @type {ThreadOptions} */
const { path, readOnly, unexpected } = workerData
const database = open()

/**
 * @returns {Database.Database}
 * @throws {Error} a plain one: libsql's own lose their message on the way to another thread
 */
function open () {
  try {
    const opened = new Database(path, { timeout: BUSY_TIMEOUT })
    // An answer that a client saw whole is in the account, even if the machine loses its power.
    for (const pragma of readOnly ? ['query_only = ON'] : ['journal_mode = WAL', 'synchronous = FULL']) opened.pragma(pragma)
    return opened
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : String(error))
  }
}

/** @type {Map<string, Database.Statement>} */
const prepared = new Map()

/** @param {string} sql */
function prepare (sql) {
  let statement = prepared.get(sql)
  if (statement === undefined) {
    statement = database.prepare(sql)
    if (prepared.size === MAX_PREPARED) prepared.clear()
    prepared.set(sql, statement)
  }
  return statement
}

/**
 * @param {Ask} ask
 * @returns {Outcome}
 */
function run (ask) {
  if (ask.type === 'batch') return runBatch(JSON.parse(ask.steps))
  const statement = prepare(ask.sql)
  if (statement.reader) return { rows: statement.all(...ask.parameters), changes: 0 }
  return { rows: [], changes: statement.run(...ask.parameters).changes }
}

/**
 * @param {readonly ManyRows[]} steps
 * @returns {Outcome}
 */
function runBatch (steps) {
  prepare('begin immediate').run()
  try {
    for (const { sql, rows, expected } of steps) {
      const statement = prepare(sql)
      let changes = 0
      for (const row of rows) changes += statement.run(...row).changes
      if (expected !== undefined && changes !== expected) throw Object.assign(new Error(`${changes} rows were written, not ${expected}`), { code: unexpected })
    }
    prepare('commit').run()
  } catch (error) {
    if (database.inTransaction) prepare('rollback').run()
    throw error
  }
  return { rows: [], changes: 0 }
}

/**
 * @param {Ask} ask
 * @returns {Answer}
 */
function answer (ask) {
  try {
    return { id: ask.id, outcome: run(ask) }
  } catch (error) {
    const { message, code } = /** @type {Error & { code?: string }} */ (error)
    return { id: ask.id, error: { message, code } }
  }
}

parentPort?.on('message', ask => parentPort?.postMessage(answer(ask)))
parentPort?.postMessage('open')
