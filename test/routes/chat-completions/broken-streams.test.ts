import type { ServerResponse } from 'node:http'
import OpenAI from 'openai'
import t from 'tap'
import { openStage } from '../../helper/stage.ts'
import { USAGE, delta, json, sse, stream } from '../../helper/upstream.ts'

/**
 * Streams that pass and do not end as they should. Official clients stop reading at `[DONE]`: what is not whole must not have one, and
 * what is whole must not become an error.
 */

const stage = await openStage(t, ['openai', 'adapted', 'gemini'], {}, { adapted: ['openai', 'enhancetool'] })
const client = new OpenAI({ apiKey: 'any', baseURL: `${stage.url}/v1`, maxRetries: 0 })
/** Bytes that pass, and chunks that adapters change: both must end alike. */
const KINDS = ['openai', 'adapted']

type Script = (response: ServerResponse) => void | Promise<void>

async function textOf (script: Script, kind: string, path = '/v1/chat/completions'): Promise<string> {
  const { model } = stage.scene(script, kind)
  const response = await fetch(`${stage.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model, max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'Hi' }] }) })
  return await response.text()
}

/** What the official client makes of it: the texts it had, and its error. */
async function seenBySdk (script: Script, kind: string): Promise<{ text: string, error: unknown }> {
  const { model } = stage.scene(script, kind)
  let text = ''
  try {
    for await (const { choices: [choice] } of await client.chat.completions.create({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }] })) text += choice?.delta.content ?? ''
    return { text, error: null }
  } catch (error) {
    return { text, error }
  }
}

/** Each piece in a write of its own, and most often in a read of its own. */
function reads (...pieces: string[]): Script {
  return async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of pieces) {
      await new Promise<void>(resolve => { response.write(piece, () => resolve()) })
      for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  }
}

const HALF = delta({ content: 'half' })
const CHOICE_ERROR = { id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'error', error: { message: 'bad gateway', code: 502 } }] }
const FLAT_ERROR = { object: 'error', message: 'EngineCore died', type: 'InternalServerError', code: 500 }
const NULL_ERROR = { ...delta({ content: '' }), error: null }

t.test('a stream that breaks ends in an error, and has no [DONE], however it is read', async t => {
  const table: [string, unknown[], RegExp][] = [
    ['[DONE] without a reason to stop', [HALF, '[DONE]'], /before it was complete/],
    ['an error of the choice', [HALF, CHOICE_ERROR, '[DONE]'], /bad gateway/],
    ['an error in vLLM\'s older form', [HALF, FLAT_ERROR, '[DONE]'], /EngineCore died/],
    ['an error that is one', [HALF, { error: { message: 'boom', code: 500 } }, '[DONE]'], /boom/],
    ['an error that is none, and no end', [HALF, NULL_ERROR, '[DONE]'], /before it was complete/]
  ]
  for (const kind of KINDS) {
    for (const [what, chunks, words] of table) {
      for (const [how, script] of [['in one read', reads(sse(...chunks))], ['each in its own', reads(...chunks.map(chunk => sse(chunk)))]] as const) {
        const text = await textOf(script, kind)
        t.notMatch(text, '[DONE]', `${kind}, ${what}, ${how}`)
        t.match(text.trimEnd().split('\n\n').at(-1), /^data: \{.*"error":\{/, 'the last that is said is the error')
        t.notMatch(text, '"object":"error"')
        const { text: seen, error } = await seenBySdk(script, kind)
        t.match([seen, error], ['half', { message: words }], `${kind}, ${what}, ${how}: so the SDK says`)
      }
    }
  }
})

t.test('an error by an event\'s name is told in the form that clients know', async t => {
  for (const kind of KINDS) {
    const { text, error } = await seenBySdk(reads(`${sse(HALF)}event: error\ndata: {"message":"zzz"}\n\n`), kind)
    t.match([text, error], ['half', { message: /zzz/ }], kind)
  }
})

t.test('a connection that is cut behind the answer, within an event, costs nothing', async t => {
  const whole = sse(delta({ content: 'whole' }), delta({}, 'stop'))
  for (const kind of KINDS) {
    for (const rest of ['data: {"id":"c1","choi', 'data: [DO', 'da', '\n', ': ping']) {
      const text = await textOf(reads(whole + rest), kind)
      t.match(text, /"content":"whole"[^]*"finish_reason":"stop"[^\n]*\n{2,3}data: \[DONE\]\n\n$/, `${kind}: ${rest}`)
      t.notMatch(text, '"error"')
    }
    t.match(await textOf(reads(`${whole}data: {"choices":[],"usage":${JSON.stringify(USAGE)}}`), kind), /data: \[DONE\]\n\n$/, 'one without its blank line counts')
  }
  const asMessages = await textOf(reads(`${whole}data: {"id":"c1","choi`), 'openai', '/v1/messages')
  t.match(asMessages, /message_stop/, 'for clients of the Messages API as well')
  t.notMatch(asMessages, 'event: error')
})

t.test('one that is cut within an event before the end is broken', async t => {
  for (const kind of KINDS) t.match(await seenBySdk(reads(`${sse(HALF)}data: {"id":"c1","choi`), kind), { text: 'half', error: Error }, kind)
})

t.test('data in several lines leaves in one each, under the name that was asked for', async t => {
  const [one, two] = [delta({ content: 'a' }, null, { model: 'served' }), delta({ content: 'b' }, null, { model: 'served' })]
  const pretty = JSON.stringify(delta({ content: 'c' }, 'stop', { model: 'served' }), null, 1).split('\n').map(line => `data: ${line}\n`).join('')
  for (const end of ['\n', '\r\n']) {
    for (const kind of KINDS) {
      const body = `data: ${JSON.stringify(one)}\ndata: ${JSON.stringify(two)}\n\n${pretty}\ndata: [DONE]\n\n`.replaceAll('\n', end)
      const { text, error } = await seenBySdk(reads(body), kind)
      t.strictSame([text, error], ['abc', null], `${kind} ${JSON.stringify(end)}`)
      t.notMatch(await textOf(reads(body), kind), 'served')
    }
  }
  t.match(await textOf(reads(`data: ${JSON.stringify(delta({ content: 'a' }, 'stop'))}\ndata: [DONE]\n\n`), 'openai'), /"stop"\}\]\}\n\ndata: \[DONE\]\n\n$/, 'its end among them')
})

t.test('sound is content: it is not held back', async t => {
  for (const kind of KINDS) {
    let finish = (): void => {}
    const { model } = stage.scene(response => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(sse(delta({ role: 'assistant', audio: { id: 'a', transcript: 'he' } })))
      finish = () => response.end(sse(delta({}, 'stop'), '[DONE]'))
    }, kind)
    const response = await fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model, stream: true, modalities: ['text', 'audio'], audio: { voice: 'a' }, messages: [{ role: 'user', content: 'Hi' }] }) })
    const reader = (response.body as NonNullable<Response['body']>).getReader()
    t.match(Buffer.from((await reader.read()).value ?? []).toString(), '"transcript":"he"', kind)
    finish()
    for (let read = await reader.read(); !read.done; read = await reader.read()) t.ok(read.value)
  }
})

t.test('a document that is called a stream is none', async t => {
  for (const kind of KINDS) {
    const text = await textOf(response => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end(JSON.stringify({ choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }] })) }, kind)
    t.match(JSON.parse(text), { error: { message: /answered with a document/ } }, kind)
  }
})

t.test('a plain answer with a byte order mark before it has the name that was asked for', async t => {
  const { model } = stage.scene(response => { response.writeHead(200, { 'content-type': 'application/json' }).end(`\uFEFF${JSON.stringify({ model: 'served', choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }] })}`) })
  t.match(await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] }), { model, choices: [{ message: { content: 'Hi' } }] })
})

t.test('what a failed plain answer has cost is in the account', async t => {
  for (const kind of KINDS) {
    const { model } = stage.scene(response => { json(response, { choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'error' }], usage: USAGE }) }, kind)
    const refused = await fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }) })
    t.ok(refused.status >= 500)
    const { requests } = await (await fetch(`${stage.url}/api/usage/requests`)).json() as { requests: { model: string }[] }
    t.match(requests.find(line => line.model === model.split(',')[1]), { state: 'failed', input: 10, output: 5 }, kind)
  }
})

t.test('a stream that passes and one of which adapters read the chunks are the same', async t => {
  const chunks = [delta({ role: 'assistant', content: '' }, null, { model: 'served' }), delta({ content: 'Grüße' }, null, { model: 'served', future: [1, { model: 'inner' }] }), delta({}, 'stop', { model: 'served' }), { model: 'served', choices: [], usage: USAGE }]
  const [passed, adapted] = await Promise.all(KINDS.map(async kind => {
    const { model } = stage.scene(response => { stream(response, ...chunks, '[DONE]') }, kind)
    const ask = async (rest: object): Promise<string> => (await (await fetch(`${stage.url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hi' }], ...rest }) })).text()).replaceAll(model, 'asked')
    return [await ask({}), await ask({ stream_options: { include_usage: true } })]
  }))
  t.strictSame(adapted, passed)
  t.match(passed?.[1], '"prompt_tokens"')
})

t.test('a limit that is told as an error is told as a limit', async t => {
  const limit = { error: { message: 'Token limit reached', code: 400, metadata: { error_type: 'max_tokens_exceeded' } }, choices: [{ index: 0, delta: { content: '' }, finish_reason: null }], usage: USAGE }
  for (const kind of KINDS) {
    for (const script of [reads(sse(HALF, limit, '[DONE]')), reads(sse(HALF), sse(limit), sse('[DONE]'))]) {
      const text = await textOf(script, kind)
      t.notMatch(text, '"error"')
      t.notMatch(text, '"usage"')
      t.match(text, /"content":"half"[^]*"finish_reason":"length"\}\]\}\n\ndata: \[DONE\]\n\n$/, kind)
    }
    t.equal((await textOf(reads(sse(HALF, delta({}, 'length'), limit, '[DONE]')), kind)).match(/"length"/g)?.length, 1, 'and not twice')
  }
})
