/**
 * The load generator, as a child of the bench: one warm process for all contenders. A closed loop: each connection
 * sends its next request when the answer to the last one is complete and was checked.
 *
 * It reads the CPU time of the processes around it itself, at the very edges of what it measures: connections are
 * open by then, and all answers are there.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'undici'
import { createCheck } from './answers.js'
import { serve } from './ipc.js'
import { cpuOf } from './process.js'

/** Work that a gateway leaves for after an answer (a log line, a freed object) belongs to the answer. */
const SETTLE = 50

const HEADERS = {
  chat: { 'content-type': 'application/json', authorization: 'Bearer upstream-key' },
  messages: { 'content-type': 'application/json', 'x-api-key': 'client-key', 'anthropic-version': '2023-06-01', 'user-agent': 'claude-cli/2.0.0 (external, cli)' }
}

/** One request and its answer; resolves with the milliseconds to the first byte of the body, and to the last. */
function exchange (client, request, check) {
  return new Promise((resolve, reject) => {
    const begin = performance.now()
    const chunks = []
    let status
    let first
    client.dispatch({ ...request, method: 'POST' }, {
      onRequestStart () {},
      onResponseStart (_controller, code) { status = code },
      onResponseData (_controller, chunk) {
        first ??= performance.now() - begin
        chunks.push(chunk)
      },
      onResponseEnd () {
        const whole = performance.now() - begin
        try {
          const bytes = Buffer.concat(chunks)
          if (status !== 200) throw new Error(`status ${status}: ${bytes.toString().slice(0, 500)}`)
          check(bytes)
          resolve({ first, whole })
        } catch (error) {
          reject(error)
        }
      },
      onResponseError (_controller, error) { reject(error) }
    })
  })
}

function percentiles (values) {
  const sorted = values.sort((a, b) => a - b)
  const at = part => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
  return { p50: at(0.5), p99: at(0.99) }
}

/** `watch`: pids whose CPU time is wanted, in microseconds. With no `seconds` every connection sends just one request. */
async function run ({ url, wire, body, wanted, connections, seconds = 0, watch = [] }) {
  const { origin, pathname, search } = new URL(url)
  const request = { path: pathname + search, headers: HEADERS[wire], body }
  const check = createCheck({ wire, ...wanted })
  const clients = Array.from({ length: connections }, () => new Client(origin, { pipelining: 1, connect: { noDelay: true } }))
  try {
    await Promise.all(clients.map(client => exchange(client, request, check)))
    const samples = []
    const cpuBefore = watch.map(cpuOf)
    const begin = performance.now()
    await Promise.all(clients.map(async client => {
      while (performance.now() - begin < seconds * 1000) samples.push(await exchange(client, request, check))
    }))
    const wall = (performance.now() - begin) / 1000
    await sleep(SETTLE)
    return {
      requests: samples.length,
      wall,
      cpu: watch.map((pid, i) => cpuOf(pid) - cpuBefore[i]),
      first: percentiles(samples.map(sample => sample.first)),
      whole: percentiles(samples.map(sample => sample.whole))
    }
  } finally {
    await Promise.all(clients.map(client => client.destroy()))
  }
}

serve(run)
