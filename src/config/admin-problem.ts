import type { Identity } from '../account/identity.ts'
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

/**
 * Why a configuration does not go with the keys of the store: a name is one key's alone, and a profile that a key goes by must be there.
 * @returns one line each
 */
export function storedKeyProblems ({ keys, profiles }: Pick<Config, 'keys' | 'profiles'>, stored: readonly Identity[]): string[] {
  const names = new Set(stored.map(({ name }) => name))
  return [
    ...keys.filter(({ identity }) => names.has(identity.name)).map(({ identity: { name } }) => `Keys: a key of /api/keys is named ${name} already`),
    ...stored.flatMap(({ name, profile }) => profile === undefined || profiles.has(profile) ? [] : [`Router.profiles: the key ${name} of /api/keys goes by ${profile}, which would be gone`])
  ]
}
