import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { delta, sse } from '../helper/upstream.ts'
import { type Act, call, callDeltas, fail, halfCall, inTurn, reply, say } from './model.ts'
import { session } from './session.ts'

const reset: Act = ({ response }) => { response.socket?.resetAndDestroy() }

t.test('an overloaded provider, a failing one and a broken connection are asked again', async t => {
  const { code, text, asks } = await session(t, {
    screenplay: { 'Try hard.': [inTurn(fail(529, 'Overloaded.'), fail(503, 'No capacity.'), reset, say('At last.'))] }
  })
  t.equal(code, 0)
  t.equal(text, 'At last.')
  t.equal(asks.length, 4)
})

t.test('an error that no repetition mends ends the session at once, and says why', async t => {
  for (const [status, words] of [[401, 'No such key.'], [402, 'No credits left.'], [400, 'No such parameter.']] as const) {
    const { code, text, asks } = await session(t, { screenplay: { 'Try once.': [fail(status, words)] } })
    t.not(code, 0)
    t.match(text, words)
    t.equal(asks.length, 1, `one request for ${status}`)
  }
})

const TOUCH = { command: 'echo ran >> marker', description: 'Leave a mark' }

/** The first half of a call, and then nothing but a closed connection. */
const halfACall = halfCall('call_1', 'Bash', TOUCH, [{ content: 'Let me see.' }])

/** The same, but the reply is ended as if it were whole. */
const cleanHalf: Act = ({ response }) => {
  const input = JSON.stringify(TOUCH)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(sse(...callDeltas(0, 'call_1', 'Bash', input, input.length / 2).slice(0, 2).map(piece => delta(piece))))
}

for (const [name, cut] of [['by a closed connection', halfACall], ['by an early end', cleanHalf]] as const) {
  t.test(`a call cut in half ${name} never runs`, async t => {
    const { desk, asks } = await session(t, { screenplay: { 'Leave a mark.': [inTurn(cut, say('I did nothing.'))] } })
    t.notOk(existsSync(join(desk.cwd, 'marker')))
    t.ok(asks.every(ask => ask.turn === 0), 'nothing of the half call is in the conversation')
  })
}

t.test('a call that breaks off before anything was complete is made good without a stream, and runs once', async t => {
  const { code, text, desk, asks } = await session(t, { screenplay: { 'Leave one mark.': [inTurn(halfCall('call_1', 'Bash', TOUCH), call('call_1', 'Bash', TOUCH)), say('Marked.')] } })
  t.equal(code, 0)
  t.equal(text, 'Marked.')
  t.strictSame(asks.map(ask => ask.body.stream), [true, false, true])
  t.equal(await readFile(join(desk.cwd, 'marker'), 'utf8'), 'ran\n')
})

t.test('of two calls the one that arrived whole runs, and the half one does not', async t => {
  const cut: Act = async ({ response }) => {
    const calls = [0, 1].map(i => callDeltas(i, `call_${i}`, 'Bash', JSON.stringify({ command: `echo ${i} >> marker`, description: 'Mark' }), 6))
    const pieces = [...calls[0] ?? [], ...calls[1]?.slice(0, 4) ?? []]
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(...pieces.map(piece => delta(piece))))
    await pause(50)
    response.socket?.destroy()
  }
  const { desk } = await session(t, { screenplay: { 'Mark twice.': [cut, say('One was cut.')] } })
  t.equal(await readFile(join(desk.cwd, 'marker'), 'utf8'), '0\n')
})

t.test('an answer that reached the output limit is gone on with, and a call that it cut in half does not run', async t => {
  const { text, desk, asks } = await session(t, {
    screenplay: {
      'Write much.': [
        reply([{ content: 'The first half,' }], 'length'),
        reply(callDeltas(0, 'call_1', 'Bash', JSON.stringify(TOUCH).slice(0, 20), 5), 'length'),
        say('and the second.')
      ]
    }
  })
  t.equal(text, 'and the second.')
  t.equal(asks.length, 3)
  t.notOk(existsSync(join(desk.cwd, 'marker')))
})

t.test('an error inside a stream, before any content, is made good as well', async t => {
  const broken: Act = ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(sse(delta({ role: 'assistant', content: '' }), { error: { code: 502, message: 'The vendor broke off.' }, choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] }, '[DONE]'))
  }
  const { code, text } = await session(t, { screenplay: { 'Break off.': [inTurn(broken, say('Whole.'))] } })
  t.equal(code, 0)
  t.equal(text, 'Whole.')
})

t.test('an answer that would be too long is asked for again, shorter', async t => {
  const { text, asks } = await session(t, {
    screenplay: {
      'Answer at length.': [inTurn(fail(400, 'This model\'s maximum context length is 60000 tokens. However, you requested 74000 tokens (10000 in the messages, 64000 in the completion). Please reduce the length of the messages or completion.'), say('Short.'))]
    }
  })
  t.equal(text, 'Short.')
  t.strictSame(asks.map(ask => ask.body.max_tokens), [64000, 49000])
})
