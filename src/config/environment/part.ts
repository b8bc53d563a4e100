import type { JsonObject } from '../../wire/json.ts'

/** What variables say of one provider, as a document has it. */
export interface EnvironmentPart {
  readonly provider: JsonObject
  /** Members of `Router` that lead to it. */
  readonly router: JsonObject
}
