import type { Config } from './snapshot.ts'

/**
 * Why a configuration must not come into force here: nobody would be left who may change it again. (At a start it may: who
 * starts the service can write its file.)
 * @param keys whether requests need a key now, and whether one of the store's is an admin's
 * @returns one line, or none
 */
export function adminProblem ({ keys, acceptAnthropicKeys }: Pick<Config, 'keys' | 'acceptAnthropicKeys'>, { needed, stored }: { needed: boolean, stored: boolean }): string[] {
  const closed = needed || keys.length > 0 || acceptAnthropicKeys
  if (!closed || stored || keys.some(({ identity }) => identity.role === 'admin')) return []
  return [`APIKEY: no key with the role admin would be left, and nobody could change the configuration again; set APIKEY, or give one of Keys the role admin${needed ? '. To serve without keys, take them out of the file and start anew' : ''}`]
}
