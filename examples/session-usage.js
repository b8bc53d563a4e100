// What sessions have used. Clients name theirs by the header x-session-id (Claude Code does so by its own).
//   node examples/session-usage.js               all of them, the one seen last first
//   node examples/session-usage.js my-session    one, by provider
import { api } from './gateway.js'

const [,, wanted] = process.argv
const row = (...cells) => console.log(cells.join('\t'))

if (wanted === undefined) {
  row('session', 'requests', 'input', 'output', 'usd')
  let cursor = null
  do {
    const { value: { sessions, next } } = await api(`/api/usage/sessions?limit=100${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    for (const { sessionId, totalRequests, tokens, cost } of sessions) row(sessionId, totalRequests, tokens.input + tokens.cacheRead, tokens.output, cost.usd.toFixed(4))
    cursor = next
  } while (cursor !== null)
} else {
  const { value: { providers, totalInputTokens, totalOutputTokens, totalRequests } } = await api(`/api/usage/sessions/${encodeURIComponent(wanted)}`)
  row('provider', 'requests', 'input', 'output')
  for (const [name, { requests, inputTokens, outputTokens }] of Object.entries(providers)) row(name, requests, inputTokens, outputTokens)
  row('all', totalRequests, totalInputTokens, totalOutputTokens)
}
