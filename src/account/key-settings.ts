import type { FromSchema } from 'json-schema-to-ts'
import type { Budget, Identity, Role } from './identity.ts'
import type { keySettings } from './key-schema.ts'

/** What can be said of a key, as people write it. */
export type KeySettings = FromSchema<{ readonly type: 'object', readonly additionalProperties: false, readonly properties: typeof keySettings }>
export type BudgetSetting = NonNullable<KeySettings['budgets']>[number]

const MICRO = 1_000_000

/** Who a key is, from what was said of it. @param usual the role of a key that is said to have none */
export function createIdentity (id: string, name: string, settings: KeySettings = {}, usual: Role = 'inference'): Identity {
  const { role = usual, owner, team, models, providers, requestsPerMinute, tokensPerMinute, concurrentStreams, budgets = [], profile } = settings
  return Object.freeze({
    id,
    name,
    role,
    owner: owner ?? null,
    team: team ?? null,
    models: models ?? null,
    providers: providers ?? null,
    limits: { requestsPerMinute, tokensPerMinute, concurrentStreams },
    budgets: budgets.map(budgetOf),
    profile
  })
}

/** A budget as it is counted: in micro-dollars. */
function budgetOf ({ per, usd, tokens }: BudgetSetting): Budget {
  return { per, ...(usd !== undefined && { cost: Math.round(usd * MICRO) }), ...(tokens !== undefined && { tokens }) }
}
