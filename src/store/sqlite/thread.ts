/**
 * The thread that has the SQLite file open. A commit waits for the disk, and a long read takes what it takes: neither may
 * hold up the streams of the main thread.
 */
import Database from 'libsql'
import { parentPort, workerData } from 'node:worker_threads'
import type { Answer, Ask, Outcome, ThreadOptions } from './protocol.ts'

/** Statements that stay prepared; there are fewer in the program. */
const MAX_PREPARED = 200
/** Milliseconds to wait for another process that writes. */
const BUSY_TIMEOUT = 5000

const { path, readOnly } = workerData as ThreadOptions
const database = open()

/** @throws {Error} a plain one: libsql's own lose their message on the way to another thread */
function open (): Database.Database {
  try {
    const opened = new Database(path, { timeout: BUSY_TIMEOUT })
    // An answer that a client saw whole is in the account, even if the machine loses its power.
    for (const pragma of readOnly ? ['query_only = ON'] : ['journal_mode = WAL', 'synchronous = FULL']) opened.pragma(pragma)
    return opened
  } catch (error) {
    throw new Error((error as Error).message)
  }
}

const prepared = new Map<string, Database.Statement>()

function prepare (sql: string): Database.Statement {
  let statement = prepared.get(sql)
  if (statement === undefined) {
    statement = database.prepare(sql)
    if (prepared.size === MAX_PREPARED) prepared.clear()
    prepared.set(sql, statement)
  }
  return statement
}

function run (ask: Ask): Outcome {
  const statement = prepare(ask.sql)
  if (ask.type === 'many') {
    return { rows: [], changes: ask.rows.reduce((sum, row) => sum + statement.run(...row).changes, 0) }
  }
  if (statement.reader) return { rows: statement.all(...ask.parameters), changes: 0 }
  return { rows: [], changes: statement.run(...ask.parameters).changes }
}

function answer (ask: Ask): Answer {
  try {
    return { id: ask.id, outcome: run(ask) }
  } catch (error) {
    const { message, code } = error as Error & { code?: string }
    return { id: ask.id, error: { message, code } }
  }
}

parentPort?.on('message', (ask: Ask) => parentPort?.postMessage(answer(ask)))
parentPort?.postMessage('open')
