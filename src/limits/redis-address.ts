import { ConfigError } from '../config/config-error.ts'

/** Where Redis is, and how to log in. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  /** The number of the database. */
  readonly db: number
  readonly username?: string
  readonly password?: string
  /** There, where the connection is encrypted. */
  readonly tls?: object
}

const FORM = 'redis://user:password@host:6379/0, or rediss:// for TLS; user, password, port and number of the database may be left out'

/**
 * Reads where Redis is.
 * @param url the value of REDIS_URL
 * @throws {ConfigError} where it is no such address; without the address, which may hold a password
 */
export function redisAddress (url: string): RedisAddress {
  try {
    const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(url)
    const [, database] = /^\/?(\d*)$/.exec(pathname) ?? []
    if ((protocol !== 'redis:' && protocol !== 'rediss:') || hostname === '' || database === undefined || search !== '' || hash !== '') throw new Error('another form')
    return {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 6379),
      db: Number(database),
      ...(username !== '' && { username: decodeURIComponent(username) }),
      ...(password !== '' && { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' && { tls: {} })
    }
  } catch {
    throw new ConfigError('the environment', [`REDIS_URL: must be of the form ${FORM}. Special characters of a password must be percent-encoded`])
  }
}
