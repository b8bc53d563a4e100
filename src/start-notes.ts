import type { Config } from './config/snapshot.ts'

/**
 * What the log says at the start: where it listens, what serves, and what to set next.
 * @param keyed whether there are keys, so that requests need one
 */
export function startNotes (config: Config, keyed: boolean, address: string): string[] {
  const [target] = config.router.default
  const notes = [`Switchyard listens on ${address}; configured by ${config.source}; ${target.model} of ${target.provider.name} is the default`]
  const open = !keyed && !config.acceptAnthropicKeys
  if (open) notes.push('No key is set: only programs of this machine are served. Set APIKEY to serve others.')
  if (config.acceptAnthropicKeys) notes.push('Auth.acceptAnthropicKeys is set: whoever sends anything that begins with sk-ant- is served.')
  if (target.provider.pair.name === 'demo') {
    notes.push('This is the built-in demo, which answers by itself. Next: set OPENROUTER_API_KEY, or have `npm start -- init` write a config.json from the keys of the environment, and start again.')
  }
  notes.push(`Claude Code: ANTHROPIC_BASE_URL=${address} ANTHROPIC_API_KEY=${open ? 'any' : '<your key>'} claude`)
  return notes
}
