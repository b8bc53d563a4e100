import { type Entry, NO_TOKENS } from '../../src/account/entry.ts'

/** 2026-11-26T12:00:00Z */
export const NOON = 1_795_694_400_000

/** An open entry of the ledger. */
export function openEntry (requestId: string, rest: Partial<Entry> = {}): Entry {
  return {
    requestId,
    attempt: 1,
    instance: 'instance-1',
    beganAt: NOON,
    settledAt: null,
    state: 'open',
    last: false,
    key: 'ann',
    team: 'blue',
    session: 'session-1',
    agent: null,
    parentAgent: null,
    client: 'claude-cli/2.1.197',
    ingress: 'anthropic',
    scenario: 'default',
    rule: 'default',
    provider: 'openrouter',
    requestedModel: 'claude-sonnet-5',
    model: 'anthropic/claude-sonnet-5',
    servedModel: null,
    streamed: true,
    status: null,
    stopReason: null,
    errorType: null,
    abortedBy: null,
    tokens: { ...NO_TOKENS, input: 100 },
    cost: 300,
    estimated: true,
    firstContentMs: null,
    durationMs: null,
    ...rest
  }
}

/** The same entry, settled. */
export function settledEntry (requestId: string, rest: Partial<Entry> = {}): Entry {
  return openEntry(requestId, {
    settledAt: NOON + 2000,
    state: 'ok',
    last: true,
    status: 200,
    stopReason: 'end_turn',
    servedModel: 'anthropic/claude-sonnet-5-20260901',
    tokens: { input: 10, cacheRead: 20, cacheWrite5m: 30, cacheWrite1h: 40, output: 50, reasoning: 5 },
    cost: 1234,
    estimated: false,
    firstContentMs: 321.4,
    durationMs: 1999.6,
    ...rest
  })
}
