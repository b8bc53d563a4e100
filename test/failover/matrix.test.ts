import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { errors } from 'undici'
import { UpstreamCall } from '../../src/upstream/call.ts'
import { startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { openStream } from '../helper/events.ts'
import { ERROR_HEADERS, type Play, SPEECH, type WireName, fallSilent, refuse, reset, send } from '../helper/faulty.ts'
import { checkGrammar } from '../helper/grammar.ts'
import { type Received, startUpstream } from '../helper/upstream.ts'

/**
 * Every way in which a provider fails before it has said anything, and what docs/routing.md ("Failures") promises for it:
 * streamed and plain, with and without another target, from a server of the client's wire and from one whose replies are
 * translated. What fails is always the first target of a cell; the other one is always well.
 */

interface Fault {
  /** Where it is no address that fails: what the provider does. */
  play?: Play
  /** Which of the addresses it is. */
  at?: Address
  /** What the client is told where there is no other target. */
  status: number
  type: string
  /** The status that passes where the error itself does: it came on the client's own wire. */
  passes?: number
  retryAfter?: string
  /** How often the target is asked: alone, and with another behind it. */
  tries: [alone: number, before: number]
  /** The request would fail everywhere: nothing else is asked. */
  final?: true
}

type Address = 'well' | 'refused' | 'unknown' | 'tls' | 'unreachable'

const again = [2, 2] as [number, number]
const busy = [2, 1] as [number, number]
const once = [1, 1] as [number, number]
const broken = { status: 502, type: 'api_error' }

/** An error of the API's, which passes with its own status where it comes from an Anthropic server. */
function told (upstream: number, type: string, tries: [number, number], { status = upstream, headers = {}, ...rest }: { status?: number, headers?: Record<string, string>, final?: true } = {}): Fault {
  return { play: refuse(upstream, type, headers), status, type, passes: upstream, tries, ...rest, ...(headers['retry-after'] !== undefined && { retryAfter: headers['retry-after'] }) }
}

const PAGE = '<!DOCTYPE html><html><body>Just a moment...</body></html>'

const FAULTS: Record<string, Fault> = {
  'connection refused': { at: 'refused', ...broken, tries: again },
  'unknown host': { at: 'unknown', ...broken, tries: again },
  'no TLS behind https': { at: 'tls', ...broken, tries: again },
  'connect time-out': { at: 'unreachable', status: 504, type: 'timeout_error', tries: again },
  'reset before the head': { play: reset(), ...broken, tries: again },
  'reset behind the head': { play: reset(() => ''), ...broken, tries: again },
  'reset behind the beginning of a stream': { play: reset(({ beginning }) => beginning), ...broken, tries: again },

  'an error body in a 200': { play: send('application/json', speech => JSON.stringify(speech.error(502, 'api_error', 'upstream broke'))), ...broken, tries: again },
  'an error event first': { play: send('text/event-stream', speech => speech.errorEvent(502, 'api_error', 'upstream broke')), ...broken, tries: again },
  'an error event behind the beginning': { play: send('text/event-stream', speech => speech.beginning + speech.errorEvent(502, 'api_error', 'upstream broke')), ...broken, tries: again },
  'overloaded, in a 200': { play: send('text/event-stream', speech => speech.errorEvent(529, 'overloaded_error', 'upstream is full')), status: 529, type: 'overloaded_error', tries: busy },
  'an empty stream': { play: send('text/event-stream', () => ''), ...broken, tries: again },
  'a stream that is all beginning': { play: send('text/event-stream', ({ beginning }) => beginning), ...broken, tries: again },
  'an empty document': { play: send('application/json', () => ''), ...broken, tries: again },
  'half a document': { play: send('application/json', () => '{"type":"message","choices":[{"mess'), ...broken, tries: again },
  'a page with a 200': { play: send('text/html', () => PAGE), ...broken, tries: again },
  'a page with a 502': { play: response => { response.writeHead(502, { 'content-type': 'text/html' }).end(PAGE) }, ...broken, tries: again },

  408: told(408, 'timeout_error', again, { status: 504 }),
  409: told(409, 'conflict_error', again),
  500: told(500, 'api_error', again),
  502: told(502, 'api_error', again),
  503: told(503, 'overloaded_error', busy, { status: 529 }),
  529: told(529, 'overloaded_error', busy),
  '429 without retry-after': told(429, 'rate_limit_error', busy),
  '429 with a retry-after that is over': told(429, 'rate_limit_error', busy, { headers: { 'retry-after': '0' } }),
  '429 with a retry-after that is waited for': told(429, 'rate_limit_error', busy, { headers: { 'retry-after': '1' } }),
  '429 with a longer retry-after': told(429, 'rate_limit_error', once, { headers: { 'retry-after': '40' } }),
  '529 with a longer retry-after': told(529, 'overloaded_error', once, { headers: { 'retry-after': '40' } }),

  401: told(401, 'authentication_error', once),
  402: told(402, 'billing_error', once),
  403: told(403, 'permission_error', once),
  404: told(404, 'not_found_error', once),

  400: told(400, 'invalid_request_error', once, { final: true }),
  413: told(413, 'request_too_large', once, { final: true }),
  422: told(422, 'invalid_request_error', once, { status: 400, final: true })
}

/** Those that take as long as the provider may be silent. */
const SILENCES: Record<string, Fault> = {
  'silence before the head': { play: fallSilent(), status: 504, type: 'timeout_error', tries: once },
  'silence behind the head': { play: fallSilent(() => ''), status: 504, type: 'timeout_error', tries: once },
  'silence behind the beginning of a stream': { play: fallSilent(({ beginning }) => beginning), status: 504, type: 'timeout_error', tries: once }
}

interface Cell {
  name: string
  /** Of its own: breakers are kept by model. */
  model: string
  fault: Fault
  wire: WireName
  /** The wire of the other target. */
  spare: WireName | null
  stream: boolean
}

const WIRES = ['openai', 'anthropic'] as const

function cellsOf (faults: Record<string, Fault>): Cell[] {
  const kinds = WIRES.flatMap(wire => ([null, ...WIRES] as const).flatMap(spare => [true, false].map(stream => ({ wire, spare, stream }))))
  return Object.entries(faults).flatMap(([name, fault], row) => kinds.map((kind, column) => ({ name, model: `cell-${row}-${column}`, fault, ...kind })))
}

/** Names are those of wire and address, `spare` before them where it is the other target. */
function providerOf ({ wire, fault: { at = 'well' } }: Cell): string {
  return `${wire}-${at}`
}

interface Stage { url: string, asked: (cell: Cell) => Received[], spareAsked: (cell: Cell) => Received[] }

/** One service for all cells, each with a rule of its own. */
async function openMatrix (t: Test, cells: readonly Cell[], timeout: number): Promise<Stage> {
  const byModel = new Map(cells.map(cell => [cell.model, cell]))
  const failing = await startUpstream(t, (response, request) => {
    const { fault: { play }, wire } = byModel.get(request.body.model) as Cell
    return play?.(response, request, wire)
  })
  const spare = await startUpstream(t, (response, request) => SPEECH[request.path.includes('/messages') ? 'anthropic' : 'openai'].answer(response, request, 'spare'))
  const urls: Record<Address, string> = { well: failing.url, refused: 'http://127.0.0.1:1', unknown: 'http://nowhere.invalid', tls: failing.url.replace('http:', 'https:'), unreachable: 'http://127.0.0.1:1' }
  const models = cells.map(({ model }) => model)
  const provider = (wire: WireName, name: string, url: string): object => ({ name, api_base_url: `${url}/v1${wire === 'openai' ? '/chat/completions' : ''}`, api_key: 'secret', models, transformer: { use: [wire] } })
  const { app, url } = await startApp(t, {
    config: {
      API_TIMEOUT_MS: timeout,
      Failover: { backoff: 1 },
      Providers: WIRES.flatMap(wire => [provider(wire, `spare-${wire}`, spare.url), ...Object.entries(urls).map(([at, url]) => provider(wire, `${wire}-${at}`, url))]),
      Router: {
        default: `openai-well,${models[0]}`,
        rules: cells.map(cell => ({ name: cell.model, when: { model: cell.model }, use: `${providerOf(cell)},${cell.model}`, ...(cell.spare !== null && { fallback: [`spare-${cell.spare},${cell.model}`] }) }))
      }
    }
  })
  // No address of this machine lets a connection wait, and the time for one is ten seconds.
  const { send } = app.upstream
  app.upstream.send = (request, target) => {
    if (!target.provider.name.endsWith('unreachable')) return send(request, target)
    const call = new UpstreamCall()
    call.abort(new errors.ConnectTimeoutError())
    return call
  }
  const of = (requests: Received[]) => ({ model }: Cell) => requests.filter(({ body }) => body.model === model)
  return { url, asked: of(failing.requests), spareAsked: of(spare.requests) }
}

/** What the client is told of tries that failed. */
function story ({ model, fault, wire, ...cell }: Cell, tries: number): string {
  const status = (wire === 'anthropic' && fault.passes) || fault.status
  return Array<string>(tries).fill(`${providerOf({ model, fault, wire, ...cell })},${model} ${status}`).join(', ')
}

/** A test of its own for each cell would take longer than the cell: what is to be seen of one is compared at once. */
async function checkCell (t: Test, { url, asked, spareAsked }: Stage, cell: Cell): Promise<void> {
  const { fault, model, stream, spare } = cell
  const [alone, before] = fault.tries
  const final = spare === null || fault.final === true
  const { status, headers, text, json } = await ask(url, { model, stream })
  const body = status === 200 && stream ? { ...checkGrammar(text) } : json
  const seen = { status, headers: Object.fromEntries(headers), body, blocks: [body['content']].flat().length, text, asked: asked(cell).length, spareAsked: spareAsked(cell).length }
  const reached = fault.play === undefined ? 0 : final ? alone : before
  t.match(seen, { ...(final ? errorOf(cell) : answerOf(cell)), asked: reached, spareAsked: final ? 0 : 1 }, describeCell(cell))
  t.equal(headers.get('retry-after'), final ? fault.retryAfter ?? null : null)
}

function errorOf (cell: Cell): object {
  const { fault: { status, type, passes, tries: [tries] }, wire, model } = cell
  const routed = { 'x-router-attempts': `${tries}; ${story(cell, tries)}`, 'x-router-provider': providerOf(cell), 'x-router-model': model }
  if (wire === 'openai' || passes === undefined) return { status, body: { type: 'error', error: { type } }, headers: { ...routed, 'content-type': 'application/json', 'request-id': /^req_(?!upstream)/ } }
  // Byte for byte.
  return { status: passes, text: JSON.stringify(SPEECH.anthropic.error(0, type, `upstream says ${passes}`)), headers: { ...routed, ...ERROR_HEADERS } }
}

function answerOf (cell: Cell): object {
  const { fault: { tries: [, tries] }, stream, spare, model } = cell
  return {
    status: 200,
    blocks: 1,
    body: { content: [{ type: 'text', text: 'spare' }], model, [stream ? 'stopReason' : 'stop_reason']: 'end_turn' },
    headers: { 'x-router-attempts': `${tries + 1}; ${story(cell, tries)}`, 'x-router-provider': `spare-${spare}`, 'x-router-model': model }
  }
}

const cells = cellsOf(FAULTS)
const stage = await openMatrix(t, cells, 20_000)
const silences = cellsOf(SILENCES)

function describeCell ({ name, wire, stream, spare }: Cell): string {
  return `${name}: ${wire}, ${stream ? 'streamed' : 'plain'}, ${spare === null ? 'alone' : `before ${spare}`}`
}

for (const name of Object.keys(FAULTS)) {
  t.test(name, async t => {
    await Promise.all(cells.filter(cell => cell.name === name).map(cell => checkCell(t, stage, cell)))
  })
}

t.test('a provider that is silent for too long is given up, and not asked again', async t => {
  const stage = await openMatrix(t, silences, 700)
  await Promise.all(silences.map(cell => checkCell(t, stage, cell)))
  const hanging = silences.flatMap(cell => stage.asked(cell))
  while (hanging.some(({ aborted }) => !aborted)) await setImmediate()
  t.pass('and it is told so: the connection is closed')
})

t.test('a pause that the provider asked for is kept for the requests that follow', async t => {
  for (const cell of cells.filter(({ name }) => name === '429 with a longer retry-after')) {
    const { model, stream, spare } = cell
    const answer = await ask(stage.url, { model, stream })
    t.equal(stage.asked(cell).length, 1, 'it is not asked')
    if (spare === null) {
      t.match(answer, { status: 429, json: { error: { type: 'rate_limit_error', message: 'upstream says 429' } } }, 'it said so already')
      t.match(answer.headers.get('retry-after'), /^(?:3\d|40)$/, 'with the time that is left')
      t.equal(answer.headers.get('x-router-attempts'), `0; ${providerOf(cell)},${model} resting`)
    } else {
      t.equal(answer.status, 200)
      t.equal(answer.headers.get('x-router-attempts'), `1; ${providerOf(cell)},${model} resting`)
      t.equal(stage.spareAsked(cell).length, 2)
    }
  }
})

/** How a stream breaks once the client has seen some of it. */
const BREAKS: Record<string, Fault> = {
  reset: { play: response => { response.socket?.resetAndDestroy() }, ...broken, tries: once },
  'an end': { play: response => { response.end() }, ...broken, tries: once },
  'an error event': { play: (response, _request, wire) => { response.end(SPEECH[wire].errorEvent(529, 'overloaded_error', 'upstream is full')) }, status: 529, type: 'overloaded_error', tries: once },
  silence: { play: () => {}, status: 504, type: 'timeout_error', tries: once }
}

t.test('nothing is tried again once the client has some of the answer', async t => {
  const breaks = cellsOf(BREAKS).filter(({ stream, spare }) => stream && spare !== null)
  const broken = new Map<string, () => void>()
  const { url, asked, spareAsked } = await openMatrix(t, breaks.map(cell => ({
    ...cell,
    fault: {
      ...cell.fault,
      play: (response, request, wire) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(SPEECH[wire].beginning + SPEECH[wire].content('Half'))
        broken.set(cell.model, () => cell.fault.play?.(response, request, wire))
      }
    }
  })), 700)
  await Promise.all(breaks.map(async cell => {
    const stream = await openStream(url, { model: cell.model })
    await stream.until(text => text.includes('Half'))
    broken.get(cell.model)?.()
    t.match(checkGrammar(await stream.end()), { ended: 'error', error: { type: cell.fault.type }, openBlock: true, stopReason: null, content: [{ type: 'text', text: 'Half' }] }, describeCell(cell))
    t.equal(stream.response.headers['x-router-attempts'], '1')
    t.equal(asked(cell).length, 1)
    t.equal(spareAsked(cell).length, 0)
  }))
})

t.test('a plain answer that breaks half-way is asked for once more: nothing of it has reached the client', async t => {
  const plain = cells.filter(({ name, stream, spare }) => name === '500' && !stream && spare === null)
  const { url, asked } = await openMatrix(t, plain.map(cell => {
    let asked = 0
    const play: Play = (response, request, wire) => {
      if (++asked > 1) return SPEECH[wire].answer(response, request, 'whole')
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
      response.write('{"type":"message","choices":[{"message":', () => response.socket?.destroy())
    }
    return { ...cell, fault: { ...cell.fault, play } }
  }), 20_000)
  for (const cell of plain) {
    const { model, wire } = cell
    const { status, json: body, headers } = await ask(url, { model })
    t.match({ status, body }, { status: 200, body: { content: [{ text: 'whole' }] } }, wire)
    t.equal(headers.get('x-router-attempts'), `2; ${providerOf(cell)},${model} 502`)
    t.equal(asked(cell).length, 2)
  }
})
