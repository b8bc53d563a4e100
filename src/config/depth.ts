/** Deeper than any configuration is; what is deeper would exhaust the stack of whoever walks it. */
const MAX_DEPTH = 100

/** Whether a value is nested deeper than a configuration may be. */
export function isTooDeep (value: unknown): boolean {
  let level = [value]
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap(each => typeof each === 'object' && each !== null ? Object.values(each) : [])
    if (level.length === 0) return false
  }
  return true
}

/** What is said of such a one. */
export const TOO_DEEP = `the document: is nested more than ${MAX_DEPTH} levels deep`
