import type { Entry, Tokens } from '../../account/entry.ts'
import type { Target } from '../../target.ts'
import type { Tally } from './tally.ts'

/** What all entries of a request have in common. */
export type Common = Pick<Entry, 'requestId' | 'instance' | 'key' | 'team' | 'session' | 'agent' | 'parentAgent' | 'client' | 'ingress' | 'scenario' | 'rule' | 'requestedModel' | 'streamed'>

/**
 * The entry of a try that begins. (It is written out member by member, as the next one is: made by spreading, such large objects
 * are slow ones, and cost a request more than all the rest of its account.)
 * @param tokens what it is taken to have used if nothing else is heard of it, and @param cost of these
 */
export function openEntry (common: Common, attempt: number, { provider, model }: Target, tokens: Tokens, cost: number | null): Entry {
  return {
    requestId: common.requestId,
    attempt,
    instance: common.instance,
    beganAt: Date.now(),
    settledAt: null,
    state: 'open',
    last: false,
    key: common.key,
    team: common.team,
    session: common.session,
    agent: common.agent,
    parentAgent: common.parentAgent,
    client: common.client,
    ingress: common.ingress,
    scenario: common.scenario,
    rule: common.rule,
    provider: provider.name,
    requestedModel: common.requestedModel,
    model,
    servedModel: null,
    streamed: common.streamed,
    status: null,
    stopReason: null,
    errorType: null,
    abortedBy: null,
    tokens,
    cost,
    estimated: true,
    firstContentMs: null,
    durationMs: null
  }
}

/** The entry of a try that is over. */
export function settledEntry (open: Entry, result: Tally, last: boolean): Entry {
  return {
    requestId: open.requestId,
    attempt: open.attempt,
    instance: open.instance,
    beganAt: open.beganAt,
    settledAt: Date.now(),
    state: result.state,
    last,
    key: open.key,
    team: open.team,
    session: open.session,
    agent: open.agent,
    parentAgent: open.parentAgent,
    client: open.client,
    ingress: open.ingress,
    scenario: open.scenario,
    rule: open.rule,
    provider: open.provider,
    requestedModel: open.requestedModel,
    model: open.model,
    servedModel: result.servedModel,
    streamed: open.streamed,
    status: result.status,
    stopReason: result.stopReason,
    errorType: result.errorType,
    abortedBy: result.abortedBy,
    tokens: result.tokens,
    cost: result.cost,
    estimated: result.estimated,
    firstContentMs: result.firstContentMs,
    durationMs: result.durationMs
  }
}
