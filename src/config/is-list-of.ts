/** A list of which each item is right. */
export function isListOf (value: unknown, fits: (item: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(fits)
}

/** A list of texts: names, hosts. */
export function isListOfStrings (value: unknown): value is string[] {
  return isListOf(value, item => typeof item === 'string')
}
