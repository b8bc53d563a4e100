import { isLoopback } from './loopback.ts'

/**
 * Why the service must not listen on an address: an open gateway spends its owner's money for everyone.
 * @param keyed whether there are keys, so that requests need one
 */
export function listenProblem (host: string, keyed: boolean): string | undefined {
  if (keyed || isLoopback(host)) return undefined
  return `HOST: ${host} can be reached from other machines, and no key is set; set APIKEY (or VALID_API_KEYS), or HOST to 127.0.0.1`
}
