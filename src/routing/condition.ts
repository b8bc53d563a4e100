import { compileGlobs } from '../glob.ts'
import { CREDENTIAL_HEADER } from '../provider-error.ts'
import { type ConditionTrait, TRAITS } from './condition-traits.ts'
import type { RequestTraits } from './traits.ts'

/** `when` of a rule: every member must hold. Its form is checked by {@link conditionSchema}. */
export interface Condition { readonly [trait: string]: unknown }

/** Whether something holds of a request, and why or why not, in words. */
export interface Finding { readonly holds: boolean, readonly why: string }

/** A condition, ready to be asked. */
export type Check = (traits: RequestTraits) => Finding

/** Prepares a condition: globs are compiled once per configuration. */
export function compileCondition (condition: Condition): Check {
  const checks = Object.entries(condition).map(([name, expected]) => compileMember(name, expected))
  return checks.length === 1 ? checks[0] as Check : all(checks)
}

function compileMember (name: string, expected: unknown): Check {
  switch (name) {
    case 'and': return all((expected as Condition[]).map(compileCondition))
    case 'or': return any((expected as Condition[]).map(compileCondition))
    case 'not': return not(compileCondition(expected as Condition))
    case 'header': return all(Object.entries(expected as Condition).map(([header, globs]) => {
      const check = ofText(`header ${header}`, traits => ownHeader(traits, header.toLowerCase()), globs)
      return CREDENTIAL_HEADER.test(header) ? discreet(header, check) : check
    }))
  }
  const trait = TRAITS[name]
  if (trait === undefined) throw new TypeError(`there is no trait ${name}`)
  return compileTrait(name, trait, expected)
}

/** The same check, without the value in its reason: reasons are logged, and told by `POST /api/route`. */
function discreet (header: string, check: Check): Check {
  return traits => {
    const { holds } = check(traits)
    return { holds, why: `header ${header} is ${holds ? '' : 'not '}as asked for` }
  }
}

function compileTrait (name: string, trait: ConditionTrait, expected: unknown): Check {
  switch (trait.kind) {
    case 'flag': return traits => ({ holds: trait.of(traits) === expected, why: `${name} is ${trait.of(traits)}` })
    case 'number': return ofNumber(name, trait.of, expected)
    case 'text': return ofText(name, trait.of, expected)
  }
}

const COMPARISONS: Record<string, { words: string, holds: (value: number, bound: number) => boolean }> = {
  gt: { words: '>', holds: (value, bound) => value > bound },
  gte: { words: '>=', holds: (value, bound) => value >= bound },
  lt: { words: '<', holds: (value, bound) => value < bound },
  lte: { words: '<=', holds: (value, bound) => value <= bound },
  eq: { words: '=', holds: (value, bound) => value === bound }
}

function ofNumber (name: string, of: (traits: RequestTraits) => number | undefined, expected: unknown): Check {
  const bounds = Object.entries(typeof expected === 'number' ? { eq: expected } : expected as Record<string, number>)
  const words = bounds.map(([operator, bound]) => `${COMPARISONS[operator]?.words} ${bound}`).join(' and ')
  return traits => {
    const value = of(traits)
    const holds = value !== undefined && bounds.every(([operator, bound]) => COMPARISONS[operator]?.holds(value, bound))
    return { holds, why: `${name} is ${value ?? 'not given'}, ${holds ? '' : 'not '}${words}` }
  }
}

/** A header of the request; names that every object has are none. */
function ownHeader ({ headers }: RequestTraits, name: string): string | readonly string[] | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined
}

/** What of a value is told in a reason. */
const SHOWN = 100

/** One of the values must be like one of the globs. */
function ofText (name: string, of: (traits: RequestTraits) => string | readonly string[] | undefined, expected: unknown): Check {
  const globs = [expected].flat() as string[]
  const matches = compileGlobs(globs)
  const words = globs.join(' or ')
  return traits => {
    const value = of(traits)
    if (value === undefined) return { holds: false, why: `${name} is not given` }
    if (typeof value === 'string') {
      const holds = matches(value)
      return { holds, why: `${name} is ${value.slice(0, SHOWN)}${holds ? '' : `, not ${words}`}` }
    }
    const found = value.find(each => matches(each))
    return found === undefined ? { holds: false, why: `no ${name} is ${words}` } : { holds: true, why: `a ${name} is ${found.slice(0, SHOWN)}` }
  }
}

function all (checks: readonly Check[]): Check {
  return traits => {
    const reasons: string[] = []
    for (const check of checks) {
      const finding = check(traits)
      if (!finding.holds) return finding
      reasons.push(finding.why)
    }
    return { holds: true, why: reasons.join(' and ') || 'it asks for nothing' }
  }
}

function any (checks: readonly Check[]): Check {
  return traits => {
    const reasons: string[] = []
    for (const check of checks) {
      const finding = check(traits)
      if (finding.holds) return finding
      reasons.push(finding.why)
    }
    return { holds: false, why: reasons.join(', and ') }
  }
}

function not (check: Check): Check {
  return traits => {
    const { holds, why } = check(traits)
    return { holds: !holds, why }
  }
}
