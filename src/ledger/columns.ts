import type { Entry } from '../account/entry.ts'
import type { LedgerTable } from '../store/tables.ts'

/** The most of a name that is kept: names come from clients. */
const MAX_TEXT = 256
const NUL = '\u0000'

/** A text that every database takes: PostgreSQL has no NUL, and no halves of characters. Nearly all are so, and are looked at only. */
function clean (text: string): string {
  if (text.length <= MAX_TEXT && !text.includes(NUL) && text.isWellFormed()) return text
  return text.slice(0, MAX_TEXT).toWellFormed().replaceAll(NUL, '')
}

function cleanOrNull (text: string | null): string | null {
  return text === null ? null : clean(text)
}

function whole (number: number | null): number | null {
  return number === null ? null : Math.round(number)
}

/** The row of an entry. */
export function rowOf (entry: Entry): LedgerTable {
  const { tokens } = entry
  return {
    request_id: clean(entry.requestId),
    attempt: entry.attempt,
    instance: entry.instance,
    began_at: entry.beganAt,
    settled_at: entry.settledAt,
    state: entry.state,
    last: entry.last ? 1 : 0,
    key_id: clean(entry.key),
    team: cleanOrNull(entry.team),
    session: cleanOrNull(entry.session),
    agent: cleanOrNull(entry.agent),
    parent_agent: cleanOrNull(entry.parentAgent),
    client: cleanOrNull(entry.client),
    ingress: entry.ingress,
    scenario: clean(entry.scenario),
    rule: clean(entry.rule),
    provider: clean(entry.provider),
    requested_model: clean(entry.requestedModel),
    model: clean(entry.model),
    served_model: cleanOrNull(entry.servedModel),
    streamed: entry.streamed ? 1 : 0,
    status: entry.status,
    stop_reason: cleanOrNull(entry.stopReason),
    error_type: cleanOrNull(entry.errorType),
    aborted_by: entry.abortedBy,
    input: tokens.input,
    cache_read: tokens.cacheRead,
    cache_write_5m: tokens.cacheWrite5m,
    cache_write_1h: tokens.cacheWrite1h,
    output: tokens.output,
    reasoning: tokens.reasoning,
    cost: entry.cost,
    estimated: entry.estimated ? 1 : 0,
    first_content_ms: whole(entry.firstContentMs),
    duration_ms: whole(entry.durationMs)
  }
}

/** What a row becomes when what is not known any more is left as it is: an open entry, closed by another process. */
export function interruptedRow (row: LedgerTable, now: number): LedgerTable {
  return { ...row, settled_at: now, state: 'interrupted', last: 1, aborted_by: 'gateway', estimated: 1, duration_ms: null }
}
