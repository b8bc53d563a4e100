import { createIdentity } from '../account/key-settings.ts'
import type { Environment } from './environment.ts'
import type { ConfigDocument } from './schema.ts'
import type { ClientKey } from './snapshot.ts'

/**
 * The keys that clients may send: `APIKEY`, the admin's; those of `VALID_API_KEYS`, which are known by their place in it; and
 * `Keys[]`.
 * @param problems gets a line for each name, key or profile that cannot be
 */
export function resolveKeys ({ APIKEY: main, Keys: named = [] }: ConfigDocument, { VALID_API_KEYS: more = '' }: Environment, profiles: object, problems: string[]): ClientKey[] {
  const keys: ClientKey[] = [main ?? '', ...more.split(',')]
    .map((key, i) => ({ identity: i === 0 ? createIdentity('APIKEY', 'APIKEY', {}, 'admin') : createIdentity(`VALID_API_KEYS.${i}`, `VALID_API_KEYS.${i}`), secret: key.trim() }))
    .filter(({ secret }) => secret !== '')
  for (const [i, { name, key, ...settings }] of named.entries()) {
    if (keys.some(known => known.identity.name === name)) problems.push(`Keys[${i}].name: there are two keys named ${name}`)
    const same = keys.find(({ secret }) => secret === key.trim())
    if (same !== undefined) problems.push(`Keys[${i}].key: is the same as that of ${same.identity.name}`)
    const { profile } = settings
    if (profile !== undefined && !Object.hasOwn(profiles, profile)) problems.push(`Keys[${i}].profile: there is no profile ${profile}; Router.profiles has ${Object.keys(profiles).join(', ') || 'none'}`)
    keys.push({ identity: createIdentity(name, name, settings), secret: key.trim() })
  }
  return keys
}
