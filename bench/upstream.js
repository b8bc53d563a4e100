/**
 * A scripted provider, as a child of the bench. It shares a CPU with the load generator, so it must cost next to
 * nothing: a bare socket server with as much of HTTP/1.1 as undici sends, and answers that were built before.
 *
 * It reports the bytes of the request body as `prompt_tokens`. The load generator checks that number in every answer,
 * so every answer also proves that its request arrived whole.
 */
import { createServer } from 'node:net'
import { serve } from './ipc.js'
import { chatDocument, chatEvents } from './script.js'

const HEAD_END = Buffer.from('\r\n\r\n')
const STREAM_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n'

/** The scenario that runs. */
let scenario
/** Writes by length of the request body. */
let answers = new Map()
/** The last request, in the pieces in which it came. */
let last = { pieces: [], headLength: 0 }

/** The writes that an answer consists of. */
function writesFor (bodyLength) {
  const known = answers.get(bodyLength)
  if (known !== undefined) return known
  const writes = scenario.stream ? streamWrites(bodyLength) : [documentWrite(bodyLength)]
  answers.set(bodyLength, writes)
  return writes
}

function documentWrite (bodyLength) {
  const body = chatDocument(scenario.pieces, bodyLength)
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** Each event is an HTTP chunk of its own, as from every server that flushes after each. */
function streamWrites (bodyLength) {
  const chunks = chatEvents(scenario.pieces, bodyLength).map(event => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`)
  const writes = []
  for (let i = 0; i < chunks.length; i += scenario.batch) writes.push(chunks.slice(i, i + scenario.batch).join(''))
  writes[0] = STREAM_HEAD + writes[0]
  writes[writes.length - 1] += '0\r\n\r\n'
  return writes.map(write => Buffer.from(write))
}

/** One write in each turn of the event loop, so that they travel apart and streams take turns. */
function writeSwiftly (socket, writes, i = 0) {
  if (socket.destroyed) return
  const room = socket.write(writes[i])
  if (++i === writes.length) return
  const next = () => writeSwiftly(socket, writes, i)
  if (room) setImmediate(next)
  else socket.once('drain', next)
}

/** By the clock: what a late timer missed is caught up on, each write still by itself. */
function writePaced (socket, writes, everyMs) {
  const begin = performance.now()
  let i = 0
  const timer = setInterval(() => {
    const due = Math.min(writes.length, Math.ceil((performance.now() - begin) / everyMs))
    while (i < due) socket.write(writes[i++])
    if (i === writes.length || socket.destroyed) clearInterval(timer)
  }, everyMs)
}

function answer (socket, bodyLength) {
  const writes = writesFor(bodyLength)
  if (scenario.everyMs > 0) writePaced(socket, writes, scenario.everyMs)
  else writeSwiftly(socket, writes)
}

/** Where the body begins and ends; undefined while the head is incomplete. */
function measureRequest (bytes) {
  const end = bytes.indexOf(HEAD_END)
  if (end === -1) return undefined
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.latin1Slice(0, end))
  if (length === null) throw new Error('the upstream reads only requests that tell their length')
  const headLength = end + HEAD_END.length
  return { headLength, bodyLength: Number(length[1]) }
}

const server = createServer({ noDelay: true }, socket => {
  let pieces = []
  let have = 0
  let request
  socket.on('data', bytes => {
    pieces.push(bytes)
    have += bytes.length
    request ??= measureRequest(Buffer.concat(pieces))
    if (request === undefined || have < request.headLength + request.bodyLength) return
    if (have > request.headLength + request.bodyLength) throw new Error('the upstream does not know pipelining')
    const { headLength, bodyLength } = request
    last = { pieces, headLength }
    pieces = []
    have = 0
    request = undefined
    answer(socket, bodyLength)
  })
  socket.on('error', () => socket.destroy())
})

serve(async question => {
  if (question.listen) {
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
    return server.address().port
  }
  if (question.scenario) {
    scenario = question.scenario
    answers = new Map()
    return null
  }
  return Buffer.concat(last.pieces).subarray(last.headLength).toString()
})
