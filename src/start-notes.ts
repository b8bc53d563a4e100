import type { Config } from './config/snapshot.ts'

/** What the log says at the start: where it listens, what serves, and what to set next. */
export function startNotes (config: Config, address: string): string[] {
  const [target] = config.router.default
  const notes = [`Switchyard listens on ${address}; configured by ${config.source}; ${target.model} of ${target.provider.name} is the default`]
  if (config.keys.length === 0) notes.push('No key is set: only programs of this machine are served. Set APIKEY to serve others.')
  if (target.provider.pair.name === 'demo') {
    notes.push('This is the built-in demo, which answers by itself. Next: set OPENROUTER_API_KEY, or copy config.example.json to config.json, and start again.')
  }
  notes.push(`Claude Code: ANTHROPIC_BASE_URL=${address} ANTHROPIC_API_KEY=${config.keys.length === 0 ? 'any' : '<your key>'} claude`)
  return notes
}
