/**
 * What Switchyard costs, beside the least that it could: one run compares
 *
 * - direct: calls to the scripted upstream itself;
 * - relay: Fastify and undici passing bytes, nothing else (relay.js);
 * - Switchyard, as built and as configured by a file, translating Messages to chat completions and back, without keys and
 *   account;
 * - the same for a client of OpenAI's API, whose requests pass through;
 * - the first with a key that has limits and a budget, and with the ledger (SQLite).
 *
 *     npm run bench                                  everything, in about three minutes
 *     npm run bench -- --only 80KB,stream            some scenarios (scenarios.js); `start` and `routing` (routing.js) are more
 *     npm run bench -- --rounds 7 --seconds 2        steadier figures
 *
 * It needs Linux (CPU time comes from /proc/<pid>/stat) and wants a quiet machine with two CPUs and `taskset`. Figures
 * of different runs or machines say nothing beside each other; the ratios within one do.
 *
 * What it is built to defeat:
 * - noise: contenders take turns in every round, and medians over rounds are shown, as are ratios of the same round;
 * - the bench measuring itself: the gateway has a CPU of its own; where the client side was the limit there is a star;
 * - cold code: each contender is warmed up in each scenario until it gets no faster, and connections are open before the clock starts;
 * - hidden work: CPU time is that of the whole process, collector threads included, until it has come to rest;
 * - wrong answers: each is read and compared, and holds the length of the request as the upstream received it. The
 *   first that is not whole ends the bench.
 */
import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { CONTENDERS, createFolder, startContender } from './contenders.js'
import { ask } from './ipc.js'
import { measure } from './measure.js'
import { choosePins, cpuOf, cpuOfMachine, pinSelf, startNode, stopAll } from './process.js'
import { cpuTable, latencyTable, rateTable, routingTable, startTable } from './report.js'
import { SCENARIOS } from './scenarios.js'

const NAMES = Object.keys(CONTENDERS)
const CHOICES = ['start', 'routing', ...Object.keys(SCENARIOS)]

function readOptions () {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '1' },
      only: { type: 'string', default: CHOICES.join(',') }
    }
  })
  const options = { rounds: Number(values.rounds), seconds: Number(values.seconds), only: values.only.split(',') }
  const unknown = options.only.filter(choice => !CHOICES.includes(choice))
  if (unknown.length > 0) throw new Error(`--only knows ${CHOICES.join(', ')}; not ${unknown.join(', ')}`)
  if (!Number.isInteger(options.rounds) || options.rounds < 1 || !(options.seconds > 0)) throw new Error('--rounds and --seconds must be positive numbers')
  return options
}

/** Starts every contender `times` times, in turns; the last ones stay. */
async function startAll (place, times) {
  const starts = Object.fromEntries(NAMES.map(name => [name, []]))
  for (let i = 0; i < times; i++) {
    for (const name of NAMES) {
      await starts[name].at(-1)?.stop()
      starts[name].push(await startContender(name, place))
    }
  }
  return starts
}

async function measureRouting (folder, pins) {
  progress('routing')
  const child = startNode(join(import.meta.dirname, 'routing.js'), { cpu: pins?.gateway, ipc: true })
  return await ask(child, { folder })
}

/** CPU that other programs take: a function that tells how many CPUs' worth it was since. */
function watchOthers (pids) {
  const others = () => cpuOfMachine() - pids.reduce((sum, pid) => sum + cpuOf(pid), 0)
  const [begin, before] = [performance.now(), others()]
  return () => (others() - before) / 1000 / (performance.now() - begin)
}

function progress (text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

async function bench (folder) {
  const { rounds, seconds, only } = readOptions()
  const pins = choosePins()
  if (pins !== null) pinSelf(pins.load)
  const upstream = startNode(join(import.meta.dirname, 'upstream.js'), { cpu: pins?.upstream, ipc: true })
  const load = startNode(join(import.meta.dirname, 'load.js'), { cpu: pins?.load, ipc: true })
  const port = await ask(upstream, { listen: true })

  progress('starting')
  const starts = await startAll({ upstream: `http://127.0.0.1:${port}`, folder, cpu: pins?.gateway }, only.includes('start') ? rounds : 1)
  const running = Object.fromEntries(NAMES.map(name => [name, starts[name].at(-1)]))
  const gateways = NAMES.map(name => running[name].pid).filter(pid => pid !== undefined)
  const others = watchOthers([process.pid, upstream.pid, load.pid, ...gateways])
  const results = []
  for (const name of only.filter(choice => choice in SCENARIOS)) {
    const scenario = SCENARIOS[name]
    progress(scenario.title)
    results.push({ scenario, rounds: await measure(scenario, { names: NAMES, rounds, seconds, pins, upstream, load, running }) })
  }
  const routing = only.includes('routing') ? await measureRouting(folder, pins) : undefined
  progress('')
  print({ rounds, seconds, only, pins, others: others(), starts, results, routing })
}

function print ({ rounds, seconds, only, pins, others, starts, results, routing }) {
  const place = pins === null ? 'nothing is pinned' : `the gateway has CPU ${pins.gateway} to itself`
  console.log(`Node ${process.version}, medians over ${rounds} × ${seconds} s; ${place}.`)
  if (results.length > 0) {
    console.log(`Other programs took ${others.toFixed(2)} CPUs meanwhile${others > 0.1 ? ': take these figures with care' : ''}.\n`)
    console.log(`### CPU of the gateway's process\n\nFrom /proc/<pid>/stat, at full load.\n\n${cpuTable(results, NAMES)}`)
    console.log(`### Latency, one connection\n\nWhat a gateway adds to the direct call.\n\n${latencyTable(results, NAMES)}`)
    console.log(`### Throughput, 64 connections, one CPU\n\n\\* the client side was the limit, at least in one round.\n\n${rateTable(results, NAMES)}`)
  }
  if (routing !== undefined) console.log(`### Routing\n\nDescribe and decide, in the process of the gateway, without network.\n\n${routingTable(routing, results)}`)
  if (only.includes('start')) console.log(`### Start and memory\n\n${startTable(starts, NAMES)}`)
}

const folder = await createFolder()
let ending
function end () {
  ending ??= stopAll().then(folder.remove)
  return ending
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end().then(() => process.exit(1)))

try {
  await bench(folder.path)
} catch (error) {
  // Programs that were stopped by a signal to the bench fail it too, which nobody needs to be told.
  if (ending === undefined) console.error(`The bench failed: ${error.stack}`)
  process.exitCode = 1
} finally {
  await end()
}
