import { checkArrival } from './arrival.js'
import { CONTENDERS } from './contenders.js'
import { ask } from './ipc.js'
import { messagesRequest } from './requests.js'

/** Above this share of its CPU the client side, not the gateway, sets the pace. */
const CLIENT_LIMIT = 0.9
const WARM_UP_RUNS = { least: 3, most: 6 }
const WARM_UP_SECONDS = 0.5
/** The warm-up is over with a run that costs more than this share of the one before. */
const STEADY = 0.93

/**
 * One scenario over all contenders, which take turns in every round, in alternating order: what disturbs the machine
 * for a while disturbs all of them.
 *
 * @param {typeof import('./scenarios.js').SCENARIOS[string]} scenario
 * @param {object} bench the running programs, and how long to measure
 * @returns for each contender its rounds: `full`, with many connections, and `alone`, with one
 */
export async function measure (scenario, bench) {
  const { names, rounds, seconds } = bench
  await ask(bench.upstream, { scenario })
  const bodies = await prepare(scenario, bench)
  for (const name of names) await warmUp(name, scenario, bodies, bench)
  const results = Object.fromEntries(names.map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const alone = {}
    // One after the other in each kind of run, so that what is subtracted was measured just before or after.
    for (const name of scenario.latency ? turns(names, round) : []) alone[name] = await load(name, scenario, bodies, bench, 1, seconds)
    for (const name of turns(names, round)) {
      const full = await load(name, scenario, bodies, bench, scenario.connections, seconds)
      results[name].push({ full: summarize(full, bench), alone: alone[name] })
    }
  }
  return results
}

function turns (names, round) {
  return round % 2 === 0 ? names : [...names].reverse()
}

/**
 * The request in both wires. The translation is Switchyard's own, checked for being whole; the other contenders send
 * those very bytes, so that all three put the same load on the upstream.
 */
async function prepare ({ bytes, stream }, { running, upstream }) {
  const request = messagesRequest(bytes, stream)
  const messages = JSON.stringify(request)
  const response = await fetch(running.switchyard.url, { method: 'POST', headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' }, body: messages })
  const answer = await response.text()
  if (response.status !== 200) throw new Error(`Switchyard answers ${response.status}: ${answer}`)
  const chat = await ask(upstream, { last: true })
  checkArrival(request, JSON.parse(chat))
  return { messages, chat }
}

/**
 * Runs until the code is as compiled as it gets: until a request costs no less than in the run before. A fixed time will
 * not do, as the compiler shares the gateway's CPU. Then looks at what arrived: later the upstream tells only its length.
 */
async function warmUp (name, scenario, bodies, bench) {
  let before = Infinity
  for (let i = 0; i < WARM_UP_RUNS.most; i++) {
    const { cpu } = summarize(await load(name, scenario, bodies, bench, scenario.connections, WARM_UP_SECONDS), bench)
    if (cpu === undefined || (i + 1 >= WARM_UP_RUNS.least && cpu > before * STEADY)) break
    before = cpu
  }
  if (await ask(bench.upstream, { last: true }) !== bodies.chat) throw new Error(`${name} changed the request between one time and the next`)
}

function load (name, { stream, pieces }, bodies, { load, upstream, running }, connections, seconds) {
  const { wire } = CONTENDERS[name]
  const { url, pid } = running[name]
  return ask(load, {
    url,
    wire,
    body: bodies[wire],
    wanted: { stream, count: pieces, inputTokens: Buffer.byteLength(bodies.chat) },
    connections,
    seconds,
    watch: [upstream.pid, load.pid, ...(pid === undefined ? [] : [pid])]
  })
}

function summarize ({ requests, wall, cpu: [upstream, load, gateway] }, { pins }) {
  const client = pins?.load === pins?.upstream ? upstream + load : Math.max(upstream, load)
  return { rate: requests / wall, cpu: gateway === undefined ? undefined : gateway / requests, clientLimited: client / 1e6 / wall > CLIENT_LIMIT }
}
