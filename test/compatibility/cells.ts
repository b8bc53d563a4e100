import { KINDS, type KindName } from '../helper/kinds/index.ts'
import type { Case, Difference, Form, Ingress, Place, Step } from './case.ts'
import { CASES } from './cases.ts'
import { DIFFERENCES } from './differences.ts'

/** A cell of the table. There is none without steps, and whatever they expect is asserted by the suite of its provider. */
export interface Cell extends Place {
  case: Case
  steps: Step[]
  /** Where it is different from the others. */
  differences: Difference[]
}

export const INGRESSES: readonly Ingress[] = ['anthropic', 'openai']
export const FORMS: readonly Form[] = ['stream', 'plain']

/** The kinds of providers in the order of the table. */
export const ROWS = ['openrouter', 'vllm', 'deepseek', 'gemini', 'anthropic', 'openai'] as const satisfies KindName[]

/** Every cell of the table. */
export function allCells (): Cell[] {
  return ROWS.flatMap(kind => cellsOf(kind))
}

/** The cells of one provider, which are its tests. */
export function cellsOf (kind: KindName): Cell[] {
  return INGRESSES.flatMap(ingress => FORMS.flatMap(form => CASES.map(column => cellAt({ kind, ingress, form }, column))))
}

function cellAt (place: Place, column: Case): Cell {
  const differences = DIFFERENCES.filter(({ kinds, ingress = place.ingress, case: name }) => kinds.includes(place.kind) && ingress === place.ingress && name === column.name)
  const [first, ...rest] = column.steps(place)
  if (first === undefined || !(place.kind in KINDS)) throw new Error(`nothing is tested for ${column.name}`)
  const changed = differences.reduce((step, { arrives, gets }) => ({ ...step, ...(gets && { gets }), arrives: { ...step.arrives, ...arrives } }), first)
  return { ...place, case: column, differences, steps: [changed, ...rest] }
}
