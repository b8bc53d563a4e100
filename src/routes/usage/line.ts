import type { LedgerTable } from '../../store/tables.ts'
import type { Scope } from './scope.ts'

const MICRO = 1_000_000

/** A try as the API shows it, in the order of an export's columns. */
export const COLUMNS = [
  'at', 'settledAt', 'requestId', 'attempt', 'state', 'last', 'key', 'team', 'session', 'agent', 'parentAgent', 'client', 'ingress', 'scenario', 'rule', 'provider', 'requestedModel', 'model', 'servedModel',
  'streamed', 'status', 'stopReason', 'errorType', 'abortedBy', 'input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'output', 'reasoning', 'costUsd', 'estimated', 'firstContentMs', 'durationMs'
] as const

export type Line = Record<typeof COLUMNS[number], string | number | boolean | null>

/** A try of the ledger, with names in the place of ids. Costs in US dollars; times in RFC 3339, durations in milliseconds. */
export function lineOf (row: LedgerTable, { nameOf }: Pick<Scope, 'nameOf'>): Line {
  return {
    at: new Date(row.began_at).toISOString(),
    settledAt: row.settled_at === null ? null : new Date(row.settled_at).toISOString(),
    requestId: row.request_id,
    attempt: row.attempt,
    state: row.state,
    last: row.last === 1,
    key: nameOf(row.key_id).name,
    team: row.team,
    session: row.session,
    agent: row.agent,
    parentAgent: row.parent_agent,
    client: row.client,
    ingress: row.ingress,
    scenario: row.scenario,
    rule: row.rule,
    provider: row.provider,
    requestedModel: row.requested_model,
    model: row.model,
    servedModel: row.served_model,
    streamed: row.streamed === 1,
    status: row.status,
    stopReason: row.stop_reason,
    errorType: row.error_type,
    abortedBy: row.aborted_by,
    input: row.input,
    cacheRead: row.cache_read,
    cacheWrite5m: row.cache_write_5m,
    cacheWrite1h: row.cache_write_1h,
    output: row.output,
    reasoning: row.reasoning,
    costUsd: row.cost === null ? null : row.cost / MICRO,
    estimated: row.estimated === 1,
    firstContentMs: row.first_content_ms,
    durationMs: row.duration_ms
  }
}

/** Cells that a spreadsheet would take for a formula (https://owasp.org/www-community/attacks/CSV_Injection). */
const FORMULA = /^[=+\-@\t\r]/

/** A line of a file by RFC 4180. */
export function csvLine (cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell (cell: string | number | boolean | null): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell)
  const safe = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
