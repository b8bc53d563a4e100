import fc from 'fast-check'
import t from 'tap'
import { compileGlobs } from '../../src/glob.ts'
import { type Condition, type Finding, compileCondition } from '../../src/routing/condition.ts'
import { TRAITS } from '../../src/routing/condition-traits.ts'
import type { RequestTraits } from '../../src/routing/traits.ts'
import { mainLoop } from '../helper/claude-code-requests.ts'
import { problemsOf, provider, traitsOf } from './configurations.ts'

const base: RequestTraits = { ...traitsOf(mainLoop(), 'ann'), promptTokens: 20_000, estimate: 19_000, tools: ['Bash', 'Read', 'mcp__git__log'], headers: { 'x-team': 'reviews', 'x-path': '/home/Ann/a.ts', 'x-empty': '' } }

function ask (when: Condition, change: Partial<RequestTraits> = {}): Finding {
  return compileCondition(when)({ ...base, ...change })
}

interface Case {
  when: unknown
  holds: Partial<RequestTraits>
  why: string
  not: Partial<RequestTraits>
  whyNot: string
}

/** For every trait: a condition, a request that it holds of, and one that it does not. */
const CASES: Record<string, Case> = {
  model: { when: 'claude-opus-*', holds: {}, why: 'model is claude-opus-4-8', not: { model: 'gpt-5' }, whyNot: 'model is gpt-5, not claude-opus-*' },
  tier: { when: ['opus', 'fable'], holds: {}, why: 'tier is opus', not: { tier: 'other' }, whyNot: 'tier is other, not opus or fable' },
  tokens: { when: { gt: 19_500 }, holds: {}, why: 'tokens is 20000, > 19500', not: { promptTokens: 19_500 }, whyNot: 'tokens is 19500, not > 19500' },
  maxTokens: { when: { lte: 32_000 }, holds: { maxTokens: 32_000 }, why: 'maxTokens is 32000, <= 32000', not: {}, whyNot: 'maxTokens is 64000, not <= 32000' },
  thinking: { when: 'none', holds: { thinking: 'none' }, why: 'thinking is none', not: {}, whyNot: 'thinking is adaptive, not none' },
  budget: { when: { gte: 10_000 }, holds: { budget: 31_999 }, why: 'budget is 31999, >= 10000', not: {}, whyNot: 'budget is not given, not >= 10000' },
  effort: { when: ['xhigh', 'max'], holds: { effort: 'max' }, why: 'effort is max', not: { effort: undefined }, whyNot: 'effort is not given' },
  ultrathink: { when: true, holds: { ultrathink: true }, why: 'ultrathink is true', not: {}, whyNot: 'ultrathink is false' },
  image: { when: true, holds: { images: 2 }, why: 'image is true', not: { earlierImages: 2 }, whyNot: 'image is false' },
  earlierImage: { when: true, holds: { earlierImages: 1 }, why: 'earlierImage is true', not: { images: 1 }, whyNot: 'earlierImage is false' },
  document: { when: false, holds: {}, why: 'document is false', not: { documents: 1 }, whyNot: 'document is true' },
  tool: { when: 'mcp__*', holds: {}, why: 'a tool is mcp__git__log', not: { tools: ['Bash'] }, whyNot: 'no tool is mcp__*' },
  toolType: { when: ['web_search_*', 'bash_*'], holds: { toolTypes: ['bash_20250124'] }, why: 'a toolType is bash_20250124', not: {}, whyNot: 'no toolType is web_search_* or bash_*' },
  toolCount: { when: 0, holds: { tools: [] }, why: 'toolCount is 0, = 0', not: {}, whyNot: 'toolCount is 3, not = 0' },
  structuredOutput: { when: true, holds: { structuredOutput: true }, why: 'structuredOutput is true', not: {}, whyNot: 'structuredOutput is false' },
  stream: { when: false, holds: { stream: false }, why: 'stream is false', not: {}, whyNot: 'stream is true' },
  subagent: { when: true, holds: { subagent: true }, why: 'subagent is true', not: {}, whyNot: 'subagent is false' },
  auxiliary: { when: true, holds: { auxiliary: true }, why: 'auxiliary is true', not: {}, whyNot: 'auxiliary is false' },
  session: { when: '1111*', holds: {}, why: 'session is 11111111-2222-4333-8444-555555555555', not: { session: 'x' }, whyNot: 'session is x, not 1111*' },
  agent: { when: '*', holds: { agent: 'a1' }, why: 'agent is a1', not: {}, whyNot: 'agent is not given' },
  parentAgent: { when: 'b*', holds: { parentAgent: 'b1' }, why: 'parentAgent is b1', not: { parentAgent: 'c' }, whyNot: 'parentAgent is c, not b*' },
  key: { when: 'ann', holds: {}, why: 'key is ann', not: { key: 'VALID_API_KEYS.1' }, whyNot: 'key is VALID_API_KEYS.1, not ann' }
}

t.test('there is a case for every trait', async t => {
  t.same(Object.keys(CASES), Object.keys(TRAITS))
})

for (const [trait, { when, holds, why, not, whyNot }] of Object.entries(CASES)) {
  t.test(trait, async t => {
    t.strictSame(ask({ [trait]: when }, holds), { holds: true, why })
    t.strictSame(ask({ [trait]: when }, not), { holds: false, why: whyNot })
    t.strictSame(ask({ not: { [trait]: when } }, not), { holds: true, why: whyNot })
  })
}

const holds = (when: Condition, change?: Partial<RequestTraits>): boolean => ask(when, change).holds

t.test('globs', async t => {
  const matching: [glob: string, text: string][] = [
    ['*', 'a'], ['*', 'a/b/c'], ['*', '/a/b/'], ['*', '.hidden'], ['a/*', 'a/b/c'], ['*/c', 'a/b/c'], ['*b*', 'a/b/c'], ['**', 'a/b'], ['CLAUDE-*', 'claude-opus'], ['claude-*', 'Claude-Opus'],
    ['a?c', 'abc'], ['openrouter,*', 'openrouter,a/b:free'], ['a.b', 'a.b'], ['gpt-{4,5}*', 'gpt-5.1'], ['claude-*[1m]', 'claude-opus-5[1M]'], ['{opus,sonnet}', 'sonnet'], ['!a', '!a'], ['a+b', 'a+b'], ['', ''], ['*', '']
  ]
  const other: [glob: string, text: string][] = [['a', 'ab'], ['a*', 'ba'], ['a?c', 'ac'], ['a.b', 'axb'], ['', 'a'], ['a/*', 'b/a/c'], ['!a', 'b'], ['gpt-[45]*', 'gpt-5.1'], ['claude[1m]', 'claude1']]
  for (const [glob, text] of matching) t.equal(holds({ session: glob }, { session: text }), true, `${glob} is ${text}`)
  for (const [glob, text] of other) t.equal(holds({ session: glob }, { session: text }), false, `${glob} is not ${text}`)
})

t.test('a question mark stands for one character, but for no slash', async t => {
  t.equal(holds({ session: 'a?c' }, { session: 'a-c' }), true)
  t.equal(holds({ session: 'a?c' }, { session: 'ac' }), false)
  t.equal(holds({ session: 'a?c' }, { session: 'a/c' }), false)
})

t.test('a list means one of them', async t => {
  t.equal(holds({ model: ['gpt-*', 'claude-*'] }), true)
  t.equal(holds({ model: ['gpt-*', 'gemini-*'] }), false)
  t.equal(holds({ tool: ['Write', 'Read'] }), true, 'of many values one will do')
})

t.test('numbers', async t => {
  const when = (tokens: unknown, promptTokens: number): boolean => holds({ tokens }, { promptTokens })
  t.same([9, 10, 11].map(n => when({ gt: 10 }, n)), [false, false, true])
  t.same([9, 10, 11].map(n => when({ gte: 10 }, n)), [false, true, true])
  t.same([9, 10, 11].map(n => when({ lt: 10 }, n)), [true, false, false])
  t.same([9, 10, 11].map(n => when({ lte: 10 }, n)), [true, true, false])
  t.same([9, 10, 11].map(n => when(10, n)), [false, true, false])
  t.same([9, 10, 19, 20].map(n => when({ gte: 10, lt: 20 }, n)), [false, true, true, false])
  t.equal(ask({ tokens: { gte: 10, lt: 20 } }).why, 'tokens is 20000, not >= 10 and < 20')
  t.equal(holds({ budget: { lt: 5 } }, { budget: undefined }), false, 'what is not given is no number')
})

t.test('and, or, not, within one another; members must all hold', async t => {
  t.strictSame(ask({ tier: 'opus', toolCount: 3 }), { holds: true, why: 'tier is opus and toolCount is 3, = 3' })
  t.strictSame(ask({ tier: 'opus', toolCount: 4, stream: false }), { holds: false, why: 'toolCount is 3, not = 4' }, 'the first that does not')
  t.strictSame(ask({ and: [{ tier: 'opus' }, { stream: true }] }), { holds: true, why: 'tier is opus and stream is true' })
  t.strictSame(ask({ and: [{ tier: 'opus' }, { stream: false }] }), { holds: false, why: 'stream is true' })
  t.strictSame(ask({ or: [{ tier: 'haiku' }, { stream: true }] }), { holds: true, why: 'stream is true' })
  t.strictSame(ask({ or: [{ tier: 'haiku' }, { stream: false }] }), { holds: false, why: 'tier is opus, not haiku, and stream is true' })
  t.equal(holds({ not: { tier: 'opus', stream: false } }), true, 'not both')
  t.equal(holds({ not: { or: [{ tier: 'haiku' }, { and: [{ stream: true }, { not: { key: 'bob' } }] }] } }), false)
  t.equal(holds({ not: { or: [{ tier: 'haiku' }, { and: [{ stream: true }, { not: { key: 'ann' } }] }] } }), true)
  t.strictSame(ask({}), { holds: true, why: 'it asks for nothing' })
})

t.test('headers', async t => {
  t.strictSame(ask({ header: { 'x-team': 'REV*' } }), { holds: true, why: 'header x-team is reviews' })
  t.strictSame(ask({ header: { 'X-Team': ['a', 'b'] } }), { holds: false, why: 'header X-Team is reviews, not a or b' })
  t.strictSame(ask({ header: { 'x-none': '*' } }), { holds: false, why: 'header x-none is not given' })
  t.equal(holds({ header: { 'x-team': '*', 'x-none': '*' } }), false, 'all of them')
  t.equal(holds({ header: { 'x-path': '*/ann/*' } }), true)
  t.equal(holds({ header: { 'x-empty': '' } }), true)
  t.equal(holds({ header: { 'x-empty': '*' } }), true, 'there is one')
  t.equal(holds({ header: { 'x-empty': ['', 'a'] } }), true)
  t.equal(holds({ header: { 'x-team': ['', 'a'] } }), false)
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) t.strictSame(ask({ header: Object.fromEntries([[name, '*']]) }), { holds: false, why: `header ${name} is not given` })
  t.equal(holds({ header: { constructor: 'a' } }, { headers: { constructor: 'a' } as unknown as Record<string, string> }), true, 'one that was sent')
  t.equal(holds({ header: { 'x-many': 'b' } }, { headers: { 'x-many': ['a', 'b'] } }), true, 'one of several')
  t.equal(ask({ header: { 'x-team': '*' } }, { headers: { 'x-team': 'a'.repeat(5000) } }).why.length, 'header x-team is '.length + 100, 'a reason stays short')
})

t.test('a reason tells no credential', async t => {
  const headers = { authorization: 'Bearer canary-secret', 'x-api-key': 'canary-secret', cookie: 'canary-secret', 'x-team-token': 'canary-secret', 'proxy-authorization': 'canary-secret' }
  for (const name of Object.keys(headers)) {
    for (const glob of ['*canary*', 'nothing']) {
      const { holds, why } = ask({ header: { [name.toUpperCase()]: glob } }, { headers })
      t.equal(holds, glob !== 'nothing', name)
      t.notMatch(why, /canary-secret/, name)
    }
  }
})

const Providers = [provider(['m'])]
const ofRule = async (rule: object): Promise<readonly string[]> => problemsOf({ Providers, Router: { default: 'p,m', rules: [{ name: 'one', use: 'p,m', when: {}, ...rule }] } })
const ofCondition = async (when: unknown): Promise<readonly string[]> => ofRule({ when })

t.test('what a condition cannot hold is named by its path', async t => {
  const WRONG: [when: unknown, problem: string | string[]][] = [
    [{ tokns: 1 }, 'Router.rules[0].when.tokns: there is no such key'],
    [{ Tokens: 1 }, 'Router.rules[0].when.Tokens: there is no such key; did you mean tokens?'],
    [{ tier: 1 }, 'Router.rules[0].when.tier: must be string,array'],
    [{ tier: [] }, 'Router.rules[0].when.tier: must NOT have fewer than 1 items'],
    [{ tier: ['opus', 7] }, 'Router.rules[0].when.tier[1]: must be string'],
    [{ tokens: '1000' }, 'Router.rules[0].when.tokens: must be number,object'],
    [{ tokens: {} }, 'Router.rules[0].when.tokens: must NOT have fewer than 1 properties'],
    [{ tokens: { more: 1 } }, 'Router.rules[0].when.tokens.more: there is no such key'],
    [{ tokens: { gt: '1' } }, 'Router.rules[0].when.tokens.gt: must be number'],
    [{ image: 'true' }, 'Router.rules[0].when.image: must be boolean'],
    [{ header: 'x-team' }, 'Router.rules[0].when.header: must be object'],
    [{ header: {} }, 'Router.rules[0].when.header: must NOT have fewer than 1 properties'],
    [{ header: { 'x-team': 1 } }, 'Router.rules[0].when.header.x-team: must be string,array'],
    [{ and: {} }, 'Router.rules[0].when.and: must be array'],
    [{ or: [] }, 'Router.rules[0].when.or: must NOT have fewer than 1 items'],
    [{ or: [{ not: { and: [{ stream: true }, { imge: true }] } }] }, 'Router.rules[0].when.or[0].not.and[1].imge: there is no such key'],
    [{ not: [] }, 'Router.rules[0].when.not: must be object'],
    [{ tokns: 1, tier: 1 }, ['Router.rules[0].when.tokns: there is no such key', 'Router.rules[0].when.tier: must be string,array']],
    [{ model: 'a'.repeat(201) }, 'Router.rules[0].when.model: must NOT have more than 200 characters'],
    [{ tool: ['a', '*'.repeat(201)] }, 'Router.rules[0].when.tool[1]: must NOT have more than 200 characters'],
    [{ not: { header: { 'x-team': 'a'.repeat(70_000) } } }, 'Router.rules[0].when.not.header.x-team: must NOT have more than 200 characters'],
    ['opus', 'Router.rules[0].when: must be object']
  ]
  for (const [when, problem] of WRONG) t.strictSame(await ofCondition(when), [problem].flat(), JSON.stringify(when))
  t.strictSame(await ofCondition({ model: 'a'.repeat(200), header: { 'x-empty': '' } }), [], 'what is not too long, and an empty header')
  t.strictSame(await ofCondition(Object.fromEntries(Object.entries(CASES).map(([trait, { when }]) => [trait, when]))), [], 'every case above has the form')
})

t.test('so is the rest of a rule', async t => {
  t.strictSame(await ofRule({ when: undefined }), ['Router.rules[0].when: is missing'])
  t.strictSame(await ofRule({ use: undefined }), ['Router.rules[0].use: is missing'])
  t.strictSame(await ofRule({ name: undefined }), ['Router.rules[0].name: is missing'])
  t.strictSame(await ofRule({ use: 'm' }), ['Router.rules[0].use: must be "provider,model"'])
  t.strictSame(await ofRule({ use: [] }), ['Router.rules[0].use: must NOT have fewer than 1 items'])
  t.strictSame(await ofRule({ use: [{ weight: 1 }] }), ['Router.rules[0].use[0].to: is missing'])
  t.strictSame(await ofRule({ use: [{ to: 'p,m', weight: -1 }] }), ['Router.rules[0].use[0].weight: must be >= 0'])
  t.strictSame(await ofRule({ use: [{ to: 'p,m', weight: 0 }] }), ['Router.rules[0].use: one of the weights must be more than 0'])
  t.strictSame(await ofRule({ fallback: ['m'] }), ['Router.rules[0].fallback[0]: must be "provider,model"'])
  t.strictSame(await ofRule({ then: 'p,m' }), ['Router.rules[0].then: there is no such key'])
  t.match(await ofRule({ name: 'a b' }), [/^Router\.rules\[0\]\.name: must match pattern/])
})

/** A glob in parts: a character, a sign, or alternatives. */
type Part = { one: string } | { sign: '*' | '?' } | { alternatives: Part[][] }

const written = (parts: Part[]): string => parts.map(part => 'one' in part ? part.one : 'sign' in part ? part.sign : `{${part.alternatives.map(written).join(',')}}`).join('')

/** Where a text may be after some parts of a glob: slow, but plain. */
function placesAfter (parts: Part[], text: string, from: number): Set<number> {
  const [part, ...rest] = parts
  if (part === undefined) return new Set([from])
  const here = 'alternatives' in part
    ? part.alternatives.flatMap(alternative => [...placesAfter(alternative, text, from)])
    : 'one' in part
      ? text[from]?.toLowerCase() === part.one.replace(/^\\/, '').toLowerCase() ? [from + 1] : []
      : part.sign === '*' ? Array.from({ length: text.length - from + 1 }, (_, i) => from + i) : from < text.length && text[from] !== '/' ? [from + 1] : []
  return new Set(here.flatMap(place => [...placesAfter(rest, text, place)]))
}

const glob = fc.letrec<{ glob: Part[], part: Part }>(tie => ({
  glob: fc.array(tie('part'), { maxLength: 5 }),
  part: fc.oneof({ maxDepth: 3, depthIdentifier: 'glob' },
    fc.record({ one: fc.constantFrom('a', 'B', '/', '.', '[', ']', '!', '\\*', '\\{', '\\,', '\\\\') }),
    fc.record({ sign: fc.constantFrom('*' as const, '?' as const) }),
    fc.record({ alternatives: fc.array(tie('glob'), { minLength: 2, maxLength: 3 }) }))
})).glob

t.test('a glob says what a plain reading of it says', async t => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '/', '.', '[', ']', '!', '*', '{', ',', '\\'), maxLength: 6 })
  const seen = { like: 0, unlike: 0 }
  t.doesNotThrow(() => fc.assert(fc.property(glob, text, (parts, text) => {
    const expected = placesAfter(parts, text, 0).has(text.length)
    seen[expected ? 'like' : 'unlike']++
    return compileGlobs([written(parts)])(text) === expected
  }), { numRuns: 3000 }))
  t.ok(seen.like > 200 && seen.unlike > 200, JSON.stringify(seen))
})

t.test('what looks like braces and is none is meant as it is', async t => {
  for (const [glob, text, expected] of [
    ['{a', '{a', true], ['a}', 'a}', true], ['{a}', '{a}', true], ['{a}', 'a', false], ['{}', '{}', true], ['a,b', 'a,b', true], ['{a,b', 'a', false], ['{x{a,b}', '{xb', true], ['{{a,b}}', '{a}', true],
    ['{,x-}a', 'a', true], ['{,x-}a', 'x-a', true], ['{a,{b,c{d,e}}}f', 'cef', true], ['a\\', 'a\\', true], ['a\\*', 'ab', false], ['é?', 'É😀', true]
  ] as const) t.equal(compileGlobs([glob])(text), expected, `${glob} ${text}`)
  t.equal(compileGlobs([])(''), false)
  t.equal(compileGlobs(['a', 'b*'])('bc'), true)
})

t.test('no text of a client, and no glob, takes long', async t => {
  const matches = (glob: string, text: string): boolean => compileGlobs([glob])(text)
  t.equal(matches('*claude*sonnet*4*5', 'claude sonnet 4 '.repeat(6_400)), false)
  t.equal(matches('*claude*sonnet*4*5', `${'claude sonnet 4 '.repeat(6_400)}5`), true)
  t.equal(matches(`${'*a'.repeat(90)}*b`, 'a'.repeat(100_000)), false)
  t.equal(matches('{*a*a*a*a*a*a*a*a*a*b,x}', 'a'.repeat(100_000)), false)
  t.equal(matches(`${'{a,a}'.repeat(39)}b`, 'a'.repeat(100_000)), false, 'of so many alternatives none is written out')
  t.equal(matches(`${'{,a}'.repeat(40)}{,*}b`, 'a'.repeat(100_000)), false)
  t.equal(matches(`${'{'.repeat(66)}a${',b}'.repeat(66)}`, 'b'), true)
  t.equal(holds({ model: '*claude*sonnet*4*5' }, { model: 'claude sonnet 4 '.repeat(250) }), false)
  t.equal(holds({ tool: '*a*a*a*a*a*b' }, { tools: ['a'.repeat(32_000)] }), false)
})
