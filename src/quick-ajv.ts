/**
 * Options that halve what Ajv adds to the start: our schemas are checked by the tests, not against the meta-schema (which
 * Ajv would have to compile first), and what is compiled once at the start needs no optimising.
 */
export const QUICK_AJV = { validateSchema: false, meta: false, code: { optimize: false } } as const
