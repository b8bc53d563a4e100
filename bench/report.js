import { CONTENDERS } from './contenders.js'

/** A figure that says nothing, or was not asked for. */
const NONE = '–'

export function median (values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function figure (value) {
  if (!Number.isFinite(value)) return NONE
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}

/** What is held against what. */
const RATIOS = [['switchyard', 'relay', 'Switchyard ÷ relay'], ['chat', 'relay', 'OpenAI client ÷ relay'], ['account', 'switchyard', 'account ÷ without']]
const RATIO_TITLES = RATIOS.map(([, , title]) => title)

/**
 * A figure of every contender and the ratios between some, where both were measured. A ratio is the median over the
 * rounds' own ratios: within a round both met the same machine.
 */
function compare (rounds, pick, names) {
  const medians = names.map(name => figure(median((rounds[name] ?? []).map(pick))))
  return [...medians, ...RATIOS.map(([one, other]) => ratio(rounds[one], rounds[other], pick))]
}

function ratio (one, other, pick) {
  if (one === undefined || other === undefined) return NONE
  return `${figure(median(one.map((round, i) => pick(round) / pick(other[i]))))} ×`
}

function table (head, rows) {
  const lines = [head, head.map((_, i) => i === 0 ? '---' : '---:'), ...rows]
  return `${lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

const title = name => CONTENDERS[name].title
const processes = names => names.filter(name => CONTENDERS[name].launch !== undefined)

/** CPU of the gateway's process. A stream's request is part of its events' cost. */
export function cpuTable (results, names) {
  const shown = processes(names)
  const rows = results.flatMap(({ scenario, rounds }) => {
    const perRequest = [scenario.title, ...compare(rounds, round => round.full.cpu, shown)]
    if (!scenario.stream) return [perRequest]
    return [perRequest, [`… per event (÷ ${scenario.pieces})`, ...compare(rounds, round => round.full.cpu / scenario.pieces, shown)]]
  })
  return table(['CPU µs per request', ...shown.map(title), ...RATIO_TITLES], rows)
}

/** Latency of one connection: that of the direct call, and what the others add to it in the same round. */
export function latencyTable (results, names) {
  const gateways = processes(names)
  const rows = results.filter(({ scenario }) => scenario.latency).flatMap(({ scenario, rounds }) => {
    const row = (label, part) => [
      label,
      ...['p50', 'p99'].map(p => figure(median(rounds.direct.map(round => round.alone[part][p])))),
      ...gateways.flatMap(name => ['p50', 'p99'].map(p => figure(added(rounds, name, part, p))))
    ]
    return scenario.stream ? [row(`${scenario.title}: first`, 'first'), row(`${scenario.title}: whole`, 'whole')] : [row(scenario.title, 'whole')]
  })
  const heads = ['direct p50', 'p99', ...gateways.flatMap(name => [`${title(name)} + p50`, '+ p99'])]
  return table(['ms', ...heads], rows)
}

function added (rounds, name, part, p) {
  return median(rounds[name].map((round, i) => round.alone[part][p] - rounds.direct[i].alone[part][p]))
}

/** Requests per second with many connections; a star where the client side was the limit. */
export function rateTable (results, names) {
  const rows = results.filter(({ scenario }) => scenario.latency).map(({ scenario, rounds }) => {
    const cells = compare(rounds, round => round.full.rate, names)
    return [scenario.title, ...cells.map((cell, i) => rounds[names[i]]?.some(round => round.full.clientLimited) ? `${cell} \\*` : cell)]
  })
  return table(['requests/s', ...names.map(title), ...RATIO_TITLES], rows)
}

/** What routing costs, beside the whole of a request where that was measured in the same run. */
export function routingTable ({ again, turns, grown, newPart, parsing }, results) {
  const whole = results.find(({ scenario }) => scenario.bytes === 80 * 1024)
  const cpu = whole && median(whole.rounds.switchyard.map(round => round.full.cpu))
  const rows = [
    ['80 KB request of a conversation that was seen before', figure(again), cpu === undefined ? NONE : `${figure(again / cpu * 100)} % of its CPU`],
    [`last quarter of a conversation of 1 MB, grown in ${turns} turns`, figure(grown), `${figure(grown / parsing * 100)} % of parsing it`],
    ['the new part of such a turn, estimated alone', figure(newPart), ''],
    ['JSON.parse of such a request', figure(parsing), '']
  ]
  return table(['µs', 'median', ''], rows)
}

/** What it takes to be there at all. `starts`: for each contender its starts. */
export function startTable (starts, names) {
  const shown = processes(names)
  const rows = [
    ['ms to the first 200 of /health', ...compare(starts, start => start.startMs, shown)],
    ['MiB of RAM, idle', ...compare(starts, start => start.idleRss, shown)]
  ]
  return table(['start', ...shown.map(title), ...RATIO_TITLES], rows)
}
