import type { Target } from '../target.ts'

/** What stands for models that clients name and nobody listed: of their names there is no end, and a label keeps each for ever. */
const UNLISTED = 'other'

/** The model of a target as a label has it. */
export function modelLabel ({ provider: { models }, model }: Target): string {
  return models.includes(model) ? model : UNLISTED
}
