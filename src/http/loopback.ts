import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether a host name or address, without port, is this machine and nothing else. */
export function isLoopback (hostname: string): boolean {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1')
  const version = isIP(bare)
  if (version === 0) return bare.toLowerCase() === 'localhost'
  return loopback.check(bare, version === 4 ? 'ipv4' : 'ipv6')
}

/** Whether a `Host` header names this machine. */
export function isLoopbackHost (host: string): boolean {
  return isLoopback(host.replace(/:\d+$/, ''))
}

/** Whether an `Origin` header is the page of this very server. */
export function isSameOrigin (origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
