import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import t from 'tap'
import { joinPath } from '../../src/config/path.ts'
import { startApp } from '../helper/app.ts'

/**
 * Documents that are nearly right: whatever is wrong with one, nothing is changed, and what is told names a place in it.
 * `FUZZ_RUNS=10000` tries more.
 */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1500)

t.setTimeout(RUNS * 50 + 60_000)

const DOCUMENT = {
  APIKEY: 'admin-key',
  PORT: 3456,
  LOG_LEVEL: 'silent',
  Providers: [
    { name: 'p', api_base_url: 'http://127.0.0.1:9/v1/chat/completions', api_key: ['key-one', 'key-two'], models: ['one', 'two'], transformer: { use: ['openrouter', ['maxtoken', { max_tokens: 100 }]], two: { use: ['cleancache'] } }, capabilities: { '*': { vision: true } }, maxConcurrent: 3 },
    { name: 'q', api_base_url: 'https://127.0.0.1:9/v1beta/models/', api_key: 'key-three', models: ['gem'], transformer: { use: ['gemini'] } }
  ],
  Router: {
    default: 'p,one',
    background: 'q,gem',
    longContext: 'p,two',
    longContextThreshold: 60000,
    rules: [{ name: 'night', when: { model: '*haiku*', tokens: { gte: 1 } }, use: 'q,gem' }],
    profiles: { cheap: { default: 'q,gem' } }
  },
  fallback: { default: ['q,gem'] },
  Keys: [{ name: 'ann', key: 'key-of-ann', role: 'viewer', budgets: [{ per: 'day', usd: 5 }] }],
  Limits: { requestsPerMinute: 100 },
  Prices: [{ model: '*', input: 1, output: 2 }],
  Stream: { pingAfter: 15000 },
  Failover: { tries: 2 }
}

/** What a document must have, and may lack. */
const REQUIRED = ['Providers', 'Router', 'APIKEY']

type Step = string | number

/** Every place of a document. */
function placesOf (value: unknown, path: Step[] = []): Step[][] {
  if (typeof value !== 'object' || value === null) return [path]
  const steps: Step[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  return [path, ...steps.flatMap(step => placesOf((value as Record<Step, unknown>)[step], [...path, step]))]
}

const PLACES = placesOf(DOCUMENT).filter(path => path.length > 0)

const junk = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ maxLength: 20 }), fc.constantFrom('', '********', '$NOT_SET_ANYWHERE', '${', 'p,one', 'p,', ',', 'x,y', 'http://', '__proto__', '*'.repeat(300), '\u0000', '😀'), fc.constant([]), fc.constant({}), fc.array(fc.string(), { maxLength: 3 }), fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue(), { maxKeys: 3 }))

type Mutation = { kind: 'set' | 'remove' | 'add' | 'rename' | 'double', path: Step[], value: unknown, key: string }

const mutation: fc.Arbitrary<Mutation> = fc.record({ kind: fc.constantFrom('set', 'set', 'remove', 'add', 'rename', 'double'), path: fc.constantFrom(...PLACES), value: junk, key: fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('__proto__', 'constructor', 'toString', '0', 'name', 'default', 'use', '')) })

function mutate (document: object, { kind, path, value: given, key }: Mutation): void {
  const value: unknown = structuredClone(given)
  const last = path.at(-1) as Step
  const parent = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<Step, unknown> | undefined)?.[step], document) as Record<Step, unknown> | unknown[]
  if (typeof parent !== 'object' || parent === null) return
  const define = (name: Step, what: unknown): void => { Object.defineProperty(parent, name, { value: what, enumerable: true, configurable: true, writable: true }) }
  if (kind === 'set') define(last, value)
  else if (kind === 'double' && Array.isArray(parent)) parent.push(structuredClone(parent[Number(last)]))
  else if (Array.isArray(parent)) parent.splice(Number(last), kind === 'remove' ? 1 : 0, ...(kind === 'add' ? [value] : []))
  else if (kind === 'add') define(key, value)
  else if (kind === 'remove') delete parent[last]
  else if (kind === 'rename') {
    define(key, parent[last])
    if (key !== last) delete parent[last]
  }
}

/** Whether a problem names a place that there is in a document, or what is missing in a place that there is. */
function namesPlace (problem: string, document: unknown): boolean {
  if (problem.startsWith('the document: ') || REQUIRED.some(name => problem.startsWith(`${name}: `))) return true
  const paths = placesOf(document).filter(path => path.length > 0).map(path => path.reduce<string>(joinPath, ''))
  return paths.some(path => ['.', ':', '['].some(next => problem.startsWith(path + next)))
}

t.test('nearly right documents', async t => {
  const { app, url, path } = await startApp(t, { config: DOCUMENT })
  const headers = { 'content-type': 'application/json', 'x-api-key': 'admin-key' }
  let [good, bad] = [0, 0]
  await fc.assert(fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.boolean(), async (mutations, dry) => {
    const document = structuredClone(DOCUMENT)
    for (const each of mutations) mutate(document, each)
    const body = JSON.stringify(document)
    const [text, config] = [await readFile(path, 'utf8'), app.config.current]
    const reply = await fetch(`${url}/api/config${dry ? '?dry_run=1' : ''}`, { method: 'POST', headers, body })
    const told = await reply.json() as { success?: boolean, error?: { message: string, problems?: string[] } }
    if (reply.status === 200) {
      good++
      // Back to where it began, so that each starts from the same; by no key, as that may be another now.
      if (!dry) await app.configEditor.edit({ change: () => structuredClone(DOCUMENT), replaces: true, author: 'test', dryRun: false })
      return
    }
    bad++
    if (reply.status !== 400) throw new Error(`${reply.status} ${JSON.stringify(told)}`)
    if (app.config.current !== config || await readFile(path, 'utf8') !== text) throw new Error('something was changed')
    const problems = told.error?.problems ?? []
    if (problems.length === 0) throw new Error(`no problems: ${told.error?.message}`)
    const lost = problems.filter(problem => !namesPlace(problem, JSON.parse(body)))
    if (lost.length > 0) throw new Error(`no such place: ${lost.join('; ')}`)
  }), { numRuns: RUNS, endOnFailure: false })
  t.comment(`${good} documents were good, ${bad} were refused`)
  t.ok(good > 0 && bad > 0)
  const reply = await fetch(`${url}/health`)
  t.equal(reply.status, 200)
})
