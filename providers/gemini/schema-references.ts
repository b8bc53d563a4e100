import { type JsonObject, type JsonValue, isJsonObject } from '../../src/wire/json.ts'

/** Each use puts a copy into the schema, so a few lines of definitions could make a schema of any size. */
const MAX_COPIES = 100

/** The definitions that a schema refers to, wherever in it they stand: Gemini knows those below `$defs` only. */
export class References {
  readonly #root: JsonObject
  readonly #names = new Map<JsonObject, string>()
  readonly #taken = new Set<string>()
  #copies = 0
  #used = false

  constructor (root: JsonObject) {
    this.#root = root
  }

  /** Definitions that were referred to, by what they are called for Gemini; grows while they are looked through. */
  get names (): ReadonlyMap<JsonObject, string> { return this.#names }

  /** Whether there is any reference, be it to the schema itself. */
  get used (): boolean { return this.#used }

  /** What a JSON Pointer leads to; undefined where that is nothing, or another document. */
  find (reference: JsonValue | undefined): JsonObject | undefined {
    if (typeof reference !== 'string' || !(reference === '#' || reference.startsWith('#/'))) return undefined
    let found: JsonValue | undefined = this.#root
    for (const step of stepsOf(reference)) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
      found = (found as JsonObject)[step]
    }
    return isJsonObject(found) ? found : undefined
  }

  /** The reference that stands for one to a definition. */
  refer (definition: JsonObject, reference: string): string {
    this.#used = true
    if (definition === this.#root) return '#'
    let name = this.#names.get(definition)
    if (name === undefined) this.#names.set(definition, name = this.#newName(reference))
    return `#/$defs/${name}`
  }

  /** Whether one more copy of a definition may be made. */
  copy (): boolean {
    return ++this.#copies <= MAX_COPIES
  }

  #newName (reference: string): string {
    const given = stepsOf(reference).at(-1)?.replace(/[^\w.-]/g, '_') || 'definition'
    let name = given
    for (let i = 2; this.#taken.has(name); i++) name = `${given}_${i}`
    this.#taken.add(name)
    return name
  }
}

function stepsOf (reference: string): string[] {
  return reference.split('/').slice(1).map(step => decoded(step).replaceAll('~1', '/').replaceAll('~0', '~'))
}

function decoded (step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}
