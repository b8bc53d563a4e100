import t, { type Test } from 'tap'
import { ApiError } from '../../src/errors.ts'
import { REQUEST_FIELDS, type RequestField } from '../../src/wire/request-fields.ts'
import { type Encoded, encode, pairNamed } from '../helper/pairs.ts'
import { type Case, MODELS, ROWS, type Row, type Tested } from './field-cases.ts'

const CANARY = /canary-7f3a/
const COLUMNS = Object.keys(MODELS) as Tested[]
const FIELDS = Object.keys(REQUEST_FIELDS) as RequestField[]

t.test('what the table says of each field is so', async t => {
  for (const field of FIELDS) {
    for (const column of COLUMNS) {
      await t.test(`${field}: ${column}: ${String(REQUEST_FIELDS[field][column])}`, async t => prove(t, field, column, ROWS[field]))
    }
  }
})

function prove (t: Test, field: RequestField, column: Tested, row: Row): void {
  const fate: boolean | string = REQUEST_FIELDS[field][column]
  const { request, more = [], trace = CANARY, says = {} } = row
  if (fate === true) return check(t, field, column, row, { sent: trace })
  if (fate === false) return [request, ...more].forEach(request => check(t, field, column, row, { request, lost: true, absent: trace }))
  const cases = says[fate]
  if (cases === undefined) t.fail('no request proves what the table says: add some to field-cases.ts')
  for (const one of typeof cases === 'function' ? cases(column) : cases ?? []) check(t, field, column, row, one)
}

function check (t: Test, field: string, column: Tested, { request: usual, name = field }: Row, { request = usual, options = {}, sent, absent, lost = false, status }: Case): void {
  const what = `${JSON.stringify(request)} ${options.model ?? ''}`.slice(0, 150)
  const encoded = tryTo(() => encode(column, request, { model: MODELS[column], ...options }))
  if (status !== undefined || encoded instanceof ApiError) {
    t.match(encoded, { status }, what)
    return
  }
  const { url, body, dropped } = encoded
  const whole = `${url.href} ${JSON.stringify(body)}`
  if (sent !== undefined) t.match(whole, sent, `${what}: sent`)
  if (absent !== undefined) t.notMatch(whole, absent, `${what}: not sent`)
  t.equal(dropped.some(lost => isPart(name, lost)), lost, `${what}: ${lost ? '' : 'not '}named (${dropped.join(' ')})`)
}

/** A search tool that is dropped takes its fields with it. */
function isPart (name: string, lost: string): boolean {
  return lost === name || (/^tools\.(\w+_domains|max_uses)$/.test(name) && lost === 'tools.web_search_20250305')
}

function tryTo (encode: () => Encoded): Encoded | ApiError {
  try {
    return encode()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

t.test('what is proved is what the table says', async t => {
  for (const field of FIELDS) t.strictSame(Object.keys(ROWS[field].says ?? {}).filter(text => !COLUMNS.some(column => REQUEST_FIELDS[field][column] === text)), [], field)
})

t.test('media by URL are loaded before they are encoded, where the table says so', async t => {
  for (const field of ['messages.image', 'messages.document, PDF'] as const) {
    for (const column of COLUMNS) t.equal(pairNamed(column).inlinesMedia === true, String(REQUEST_FIELDS[field][column]).startsWith('loaded'), column)
  }
})
