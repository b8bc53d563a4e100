import { sql } from 'kysely'
import type { Store } from '../../src/store/store.ts'
import { NOON } from './entries.ts'

const SUMS = sql.raw('input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, attempts, requests, errors, estimated, cost, unpriced, duration_ms, first_content_ms, first_contents')
const ADDED = sql.raw('sum(input), sum(cache_read), sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(reasoning), count(*), sum(last), 0, 0, sum(cost), 0, sum(duration_ms), sum(first_content_ms), count(*)')

/** Tries of one statement: a slow machine has done with so many before the store's time is over. */
const CHUNK = 50_000

/**
 * Fills the ledger with many settled tries, 2.5 s apart going back from {@link NOON}, and its sums with what they come to.
 * Forty tries are a session; there are 20 keys, 4 providers and 8 models.
 */
export async function fillLedger (store: Store, count: number): Promise<void> {
  const { db, kind } = store
  for (let from = 0; from < count; from += CHUNK) await insertTries(store, from, Math.min(count, from + CHUNK))
  await sql`insert into usage_hour (hour, key_id, provider, model, scenario, ${SUMS}) select began_at - began_at % 3600000, key_id, provider, model, scenario, ${ADDED} from ledger group by 1, 2, 3, 4, 5`.execute(db)
  await sql`insert into usage_day (day, key_id, provider, model, scenario, ${SUMS}) select began_at - began_at % 86400000, key_id, provider, model, scenario, ${ADDED} from ledger group by 1, 2, 3, 4, 5`.execute(db)
  await sql`insert into usage_session (session, key_id, first_at, last_at, ${SUMS}) select session, key_id, min(began_at), max(settled_at), ${ADDED} from ledger group by 1, 2`.execute(db)
  await sql`insert into usage_session_provider (session, key_id, provider, agent, ${SUMS}) select session, key_id, provider, coalesce(agent, ''), ${ADDED} from ledger group by 1, 2, 3, 4`.execute(db)
  if (kind === 'postgres') await sql`analyze`.execute(db)
}

async function insertTries ({ db, kind }: Store, from: number, to: number): Promise<void> {
  const numbers = kind === 'sqlite' ? sql`(with recursive n(i) as (select cast(${from} as integer) union all select i + 1 from n where i + 1 < ${to}) select i from n)` : sql`(select i from generate_series(${from}::bigint, ${to}::bigint - 1) as g(i))`
  await sql`insert into ledger (request_id, attempt, instance, began_at, settled_at, state, last, key_id, team, session, agent, client, ingress, scenario, rule, provider, requested_model, model, streamed, status, stop_reason, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, cost, estimated, first_content_ms, duration_ms)
    select 'req_' || i, 1, 'filled', ${NOON} - i * 2500, ${NOON} - i * 2500 + 5000, 'ok', 1, 'key ' || (i / 40 % 20), 'team', 'session ' || (i / 40), case when i % 4 = 0 then 'agent' end, 'claude-cli/2.1.197', 'anthropic', case when i % 5 = 0 then 'think' else 'default' end, 'default',
      'provider ' || (i % 4), 'claude-sonnet-5', 'model ' || (i % 8), 1, 200, 'end_turn', 10, 20, 5, 0, i % 100, 1, 100 + i % 7, 0, 500, 5000 from ${numbers} as numbers`.execute(db)
}
