/** What Gemini takes as a function's name (https://ai.google.dev/api/caching#FunctionDeclaration), but for what stands for another. */
const LEGAL = /^(?!_:)[A-Za-z_][\w.:-]*$/
/** Marks a name that stands for one that Gemini would refuse. */
const STAND_IN = '_:'

/** A tool's name as Gemini takes it: what it would refuse is written as `:<hex>:`, so that it needs no memory to find the way back. */
export function functionName (name: string): string {
  return LEGAL.test(name) ? name : STAND_IN + name.replace(/[^\w.-]/gu, char => `:${char.codePointAt(0)?.toString(16)}:`)
}

/** The tool's own name: the inverse of {@link functionName}. */
export function toolName (name: string): string {
  if (!name.startsWith(STAND_IN)) return name
  return name.slice(STAND_IN.length).replace(/:([0-9a-f]{1,5}|10[0-9a-f]{4}):/g, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
}
