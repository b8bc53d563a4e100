// Adds a target behind those that serve when a rule's own fail. A list is replaced whole by a patch, so it is read, made longer and
// written back, if nobody else has changed the configuration in between; else once more.
//   node examples/add-fallback.js default openrouter,z-ai/glm-4.7
import { api } from './gateway.js'

const [,, rule, target] = process.argv
if (rule === undefined || target === undefined) {
  console.error('usage: add-fallback.js <rule> <provider,model>')
  process.exit(2)
}

for (;;) {
  const { value: document, etag } = await api('/api/config')
  const targets = document.fallback?.[rule] ?? []
  if (targets.includes(target)) {
    console.log(`${target} serves already where ${rule} fails`)
    break
  }
  const change = { method: 'PATCH', body: { fallback: { [rule]: [...targets, target] } }, headers: { 'if-match': etag } }
  try {
    const { value: { effects } } = await api('/api/config?dry_run=1', change)
    const { value: { revision, backup } } = await api('/api/config', change)
    console.log(`${target} is behind ${rule} now (revision ${revision}, rules changed: ${effects.rules.changed.join(', ')}); what was there: ${backup}`)
    break
  } catch (error) {
    // Somebody else was faster.
    if (error.status !== 412) throw error
  }
}
