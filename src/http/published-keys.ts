import type { ClientKey } from '../config/snapshot.ts'
import { isLoopback } from './loopback.ts'

/** Keys that programs of this kind have by default: they stand in their READMEs, for everyone to try. */
const PUBLISHED: readonly string[] = ['sk-anthropic-router', 'test-api-key-123']

/** Why the service must not listen on an address: one of its keys is known to everyone. */
export function publishedKeyProblem (host: string, keys: readonly ClientKey[]): string | undefined {
  const known = isLoopback(host) ? undefined : keys.find(({ secret }) => PUBLISHED.includes(secret))
  if (known === undefined) return undefined
  return `HOST: ${host} can be reached from other machines, and the key ${known.identity.name} is published as another program's default; choose one of your own, or set HOST to 127.0.0.1`
}
