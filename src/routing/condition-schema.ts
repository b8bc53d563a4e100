import { MAX_GLOB } from '../glob.ts'
import { TRAITS } from './condition-traits.ts'

/** Without `anyOf`: of several alternatives a validator can only say that none fits, and not what is wrong. */
const VALUES = {
  text: { type: ['string', 'array'], maxLength: MAX_GLOB, items: { type: 'string', maxLength: MAX_GLOB }, minItems: 1 },
  number: {
    type: ['number', 'object'],
    minProperties: 1,
    additionalProperties: false,
    properties: { gt: { type: 'number' }, gte: { type: 'number' }, lt: { type: 'number' }, lte: { type: 'number' } }
  },
  flag: { type: 'boolean' }
} as const

const condition = { $ref: '#/definitions/condition' }
const list = { type: 'array', minItems: 1, items: condition }

/** The form of `when`, as a definition of the configuration's schema. */
export const conditionSchema = {
  type: 'object',
  description: 'Every member must hold. Texts are globs; a list means one of them.',
  additionalProperties: false,
  properties: {
    ...Object.fromEntries(Object.entries(TRAITS).map(([name, { kind, about }]) => [name, { ...VALUES[kind], description: about }])),
    header: { type: 'object', description: 'request headers by name', minProperties: 1, additionalProperties: VALUES.text },
    and: { ...list, description: 'all of these' },
    or: { ...list, description: 'one of these' },
    not: { ...condition, description: 'not this' }
  }
}
