import { isIPv4 } from 'node:net'

/** Whether a host name or address, without port, is this machine and nothing else. */
export function isLoopback (hostname: string): boolean {
  if (hostname.startsWith('127.')) return isIPv4(hostname)
  const name = hostname.toLowerCase()
  return name === 'localhost' || name === '::1' || name === '[::1]'
}

/** Whether the address of a connection is of this machine. */
export function isLoopbackAddress (address: string | undefined): boolean {
  return address !== undefined && isLoopback(address.replace(/^::ffff:/, ''))
}

/** Whether a `Host` header names this machine. */
export function isLoopbackHost (host: string): boolean {
  return isLoopback(host.replace(/:\d+$/, ''))
}

/** Whether an `Origin` header is the page of this very server. */
export function isSameOrigin (origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
