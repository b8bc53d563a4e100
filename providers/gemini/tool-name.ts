import { shortened } from '../../src/message/tool-names.ts'

/** What Gemini takes as a function's name (https://ai.google.dev/api/caching#FunctionDeclaration), but for what stands for another. */
const LEGAL = /^(?!_:)[A-Za-z_][\w.:-]*$/
const MAX_NAME = 128
/** Marks a name that stands for one that Gemini would refuse. */
const STAND_IN = '_:'

/**
 * A tool's name as Gemini takes it: what it would refuse is written as `:<hex>:`, so that it needs no memory to find the way back.
 * Only one that is too long does.
 */
export function functionName (name: string): string {
  const legal = LEGAL.test(name) ? name : STAND_IN + name.replace(/[^\w.-]/gu, char => `:${char.codePointAt(0)?.toString(16)}:`)
  return shortened(legal, MAX_NAME, name)
}

/** The tool's own name: the inverse of {@link functionName}. */
export function toolName (name: string, long: ReadonlyMap<string, string>): string {
  const given = long.get(name)
  if (given !== undefined || !name.startsWith(STAND_IN)) return given ?? name
  return name.slice(STAND_IN.length).replace(/:([0-9a-f]{1,5}|10[0-9a-f]{4}):/g, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
}

/** The names that had to be shortened, by what they became. */
export function longNames (names: Iterable<string>): Map<string, string> {
  const long = new Map<string, string>()
  for (const name of names) {
    const short = functionName(name)
    if (short.length === MAX_NAME) long.set(short, name)
  }
  return long
}
