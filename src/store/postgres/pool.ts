import pg from 'pg'

/**
 * A pool of connections to PostgreSQL that no broken connection ends the process by; nothing is sent yet.
 * @param onIdleError is told of those that broke while nobody used them: they are replaced
 */
export function createPool (options: pg.PoolConfig, onIdleError: (error: Error) => void = () => {}): pg.Pool {
  const pool = new pg.Pool({ keepAlive: true, ...options })
  pool.on('error', onIdleError)
  // The pool listens to those that nobody uses only; one that breaks between two queries of a transaction fails the next query.
  pool.on('connect', client => { client.on('error', () => {}) })
  return pool
}
