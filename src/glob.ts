/** Characters of a glob that a configuration may have: what one of them may cost depends on it. */
export const MAX_GLOB = 200

/** `end` takes no more; `fork` goes on in several places at once; the others take a character. */
type State =
  | { readonly kind: 'end' }
  | { readonly kind: 'fork', readonly to: readonly number[] }
  | { readonly kind: 'character', readonly character: string, readonly to: number }
  | { readonly kind: 'one', readonly to: number }
  | { readonly kind: 'any', readonly to: number }

/** A character, one of the signs, or alternatives. */
type Part = string | typeof ONE | typeof ANY | readonly Part[][]

const ONE = Symbol('?')
const ANY = Symbol('*')
const END = 0

/**
 * Prepares globs: `*` stands for anything, slashes and nothing included, `?` for one character but a slash, `{a,b}` for one
 * of the alternatives, which may hold signs and alternatives themselves; `\` takes its sign from what follows. All else is
 * meant as it is, brackets and braces without a comma among it; case does not count.
 *
 * Texts are clients', and may be long: all ways to fit are followed at once, none is gone back on, so that the time is at
 * most the product of both lengths.
 * @returns whether the whole of a text is like one of them
 */
export function compileGlobs (globs: readonly string[]): (text: string) => boolean {
  const states: State[] = [{ kind: 'end' }]
  const start = link([globs.map(glob => parse([...glob.toLowerCase()]))], END, states)
  const walk = new Walk(states)
  return text => walk.matches(start, text.toLowerCase())
}

function parse (glob: readonly string[]): Part[] {
  const parts: Part[] = []
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i] as string
    const alternatives = character === '{' ? alternativesAt(glob, i) : undefined
    if (alternatives !== undefined) {
      parts.push(alternatives.parts.map(parse))
      i = alternatives.end
    } else if (character === '\\' && i + 1 < glob.length) parts.push(glob[++i] as string)
    else if (character !== '*') parts.push(character === '?' ? ONE : character)
    // Several say no more than one.
    else if (parts.at(-1) !== ANY) parts.push(ANY)
  }
  return parts
}

/** What stands in the braces that open at a place; undefined where they never close, or part nothing. */
function alternativesAt (glob: readonly string[], open: number): { parts: string[][], end: number } | undefined {
  const parts: string[][] = []
  let from = open + 1
  let depth = 0
  for (let i = open; i < glob.length; i++) {
    const character = glob[i]
    if (character === '\\') i++
    else if (character === '{') depth++
    else if (depth === 1 && (character === ',' || character === '}')) {
      parts.push(glob.slice(from, i))
      from = i + 1
      if (character === '}') return parts.length === 1 ? undefined : { parts, end: i }
    } else if (character === '}') depth--
  }
  return undefined
}

/** Adds the states of some parts, the last one first. @returns where they begin */
function link (parts: readonly Part[], end: number, states: State[]): number {
  return parts.reduceRight<number>((to, part) => {
    const at = states.length
    if (part === ANY) return states.push({ kind: 'fork', to: [to, at + 1] }, { kind: 'any', to: at }) - 2
    if (part === ONE) return states.push({ kind: 'one', to }) - 1
    if (typeof part === 'string') return states.push({ kind: 'character', character: part, to }) - 1
    const starts = part.map(alternative => link(alternative, to, states))
    return states.push({ kind: 'fork', to: starts }) - 1
  }, end)
}

/** Follows all ways through a text. */
class Walk {
  readonly #states: readonly State[]
  /** In which step a state was last entered: once in each is enough. */
  readonly #entered: Float64Array
  #step = 0
  #next: State[] = []

  constructor (states: readonly State[]) {
    this.#states = states
    this.#entered = new Float64Array(states.length)
  }

  matches (start: number, text: string): boolean {
    this.#begin()
    this.#enter(start)
    for (const character of text) {
      const current = this.#begin()
      if (current.length === 0) return false
      for (const state of current) {
        if (takes(state, character)) this.#enter(state.to)
      }
    }
    return this.#begin().some(({ kind }) => kind === 'end')
  }

  /** @returns the states that the last step led to */
  #begin (): State[] {
    const states = this.#next
    this.#next = []
    this.#step++
    return states
  }

  #enter (place: number): void {
    if (this.#entered[place] === this.#step) return
    this.#entered[place] = this.#step
    const state = this.#states[place] as State
    if (state.kind !== 'fork') this.#next.push(state)
    else for (const to of state.to) this.#enter(to)
  }
}

function takes (state: State, character: string): state is Exclude<State, { kind: 'end' | 'fork' }> {
  switch (state.kind) {
    case 'any': return true
    case 'one': return character !== '/'
    case 'character': return character === state.character
    default: return false
  }
}
