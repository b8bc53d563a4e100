/** How a target is named. */
export const target = { type: 'string', pattern: '^[^,]+,.+$', description: 'provider,model' } as const
/** Several, in the order of preference. */
export const targets = { type: 'array', items: target } as const
