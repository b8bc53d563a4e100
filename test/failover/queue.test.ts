import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { startApp } from '../helper/app.ts'
import { type Answer, ask } from '../helper/ask.ts'
import { openStream } from '../helper/events.ts'
import { SPEECH } from '../helper/faulty.ts'
import { checkGrammar } from '../helper/grammar.ts'
import { type Received, json, startUpstream } from '../helper/upstream.ts'

/** `maxConcurrent` of a provider, over real sockets: how many it gets at once, whose turn is next, and what becomes of the rest. */

interface Held { who: string, answer: () => void }

interface Bank {
  app: FastifyInstance
  url: string
  /** Requests that the provider has and has not answered, in the order in which they came. */
  held: Held[]
  /** The texts of all requests that came, in their order. */
  came: string[]
  spare: Received[]
  /** How many run, and how many wait. */
  counts: () => [running: number, waiting: number]
  /** Sends a request, and resolves when it has reached the queue. `who` names its session, and the request. */
  enter: (name: string) => Promise<{ answer: Promise<Answer> }>
}

function textOf ({ body }: Received): string {
  return String(body.messages.at(-1)?.content)
}

async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

/** A provider that holds each request until the test has it answered, and another one behind it if wanted. */
async function open (t: Test, provider: object, { fallback = false, rest = {} }: { fallback?: boolean, rest?: object } = {}): Promise<Bank> {
  const held: Held[] = []
  const came: string[] = []
  const upstream = await startUpstream(t, (response, request) => {
    const who = textOf(request)
    came.push(who)
    const one: Held = {
      who,
      answer: () => {
        held.splice(held.indexOf(one), 1)
        SPEECH.openai.answer(response, request, who)
      }
    }
    held.push(one)
    response.on('close', () => { if (held.includes(one)) held.splice(held.indexOf(one), 1) })
  })
  const spare = await startUpstream(t, (response, request) => SPEECH.openai.answer(response, request, 'spare'))
  const { app, url } = await startApp(t, {
    config: {
      Providers: [
        { name: 'few', api_base_url: `${upstream.url}/v1/chat/completions`, api_key: 'secret', models: ['m'], transformer: { use: ['openai'] }, ...provider },
        { name: 'spare', api_base_url: `${spare.url}/v1/chat/completions`, api_key: 'secret', models: ['m'], transformer: { use: ['openai'] } }
      ],
      Router: { default: 'few,m' },
      ...(fallback && { fallback: { default: ['spare,m'] } }),
      ...rest
    }
  })
  const few = app.config.current.providers.get('few')?.get('m')?.provider
  if (few === undefined) throw new Error('there is no provider few')
  const { queue } = app.lanes.of(few)
  const counts = (): [number, number] => [queue.running, queue.waiting]
  return {
    app,
    url,
    held,
    came,
    spare: spare.requests,
    counts,
    async enter (name) {
      const before = queue.running + queue.waiting
      const answer = ask(url, { messages: [{ role: 'user', content: name }] }, { 'x-claude-code-session-id': name.charAt(0) })
      // Entering has no event of its own.
      await until(() => queue.running + queue.waiting > before)
      return { answer }
    }
  }
}

t.test('a provider never has more requests than it may, and all are answered', async t => {
  const { url, held, came, counts } = await open(t, { maxConcurrent: 3, maxQueue: 1000 })
  let most = 0
  const answers = Array.from({ length: 60 }, (_, i) => ask(url, { stream: i % 2 === 0, messages: [{ role: 'user', content: `request ${i}` }] }))
  for (let done = 0; done < 60; done++) {
    await until(() => held.length === Math.min(3, 60 - done))
    most = Math.max(most, held.length, counts()[0])
    held[done % held.length]?.answer()
  }
  for (const [i, answer] of answers.entries()) {
    const { status, text } = await answer
    t.equal(status, 200)
    t.match(text, `request ${i}`)
  }
  t.equal(most, 3)
  t.equal(new Set(came).size, 60)
  t.equal(came.length, 60)
  t.strictSame(counts(), [0, 0])
})

t.test('sessions take turns', async t => {
  const { held, came, enter, counts } = await open(t, { maxConcurrent: 1 })
  const answers = []
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']) answers.push((await enter(name)).answer)
  t.strictSame(counts(), [1, 6])
  for (let i = 0; i < answers.length; i++) {
    await until(() => held.length === 1)
    held[0]?.answer()
  }
  await Promise.all(answers)
  t.strictSame(came, ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
})

t.test('one that finds the queue full goes to the next target', async t => {
  const { held, came, enter, url, spare, counts } = await open(t, { maxConcurrent: 1, maxQueue: 1 }, { fallback: true })
  const answers = [(await enter('a1')).answer, (await enter('a2')).answer]
  for (const stream of [true, false]) {
    const { status, text, headers } = await ask(url, { stream })
    t.equal(status, 200)
    t.match(text, '"text":"spare"')
    t.match(Object.fromEntries(headers), { 'x-router-attempts': '1; few,m queue full', 'x-router-provider': 'spare' })
  }
  t.equal(spare.length, 2)
  t.strictSame(counts(), [1, 1], 'those that wait still do')
  for (const [i, answer] of answers.entries()) {
    await until(() => held.length === 1)
    held[0]?.answer()
    t.match((await answer).json, { content: [{ text: `a${i + 1}` }] })
  }
  t.strictSame(came, ['a1', 'a2'])
})

t.test('without another target it is told to come again', async t => {
  const { held, came, enter, url } = await open(t, { maxConcurrent: 1, maxQueue: 0 })
  const { answer: first } = await enter('a1')
  for (const stream of [true, false]) {
    const { status, headers, json } = await ask(url, { stream })
    t.equal(status, 529)
    t.match(json, { error: { type: 'overloaded_error', message: /^few gets as many requests at once/ } })
    t.match(Object.fromEntries(headers), { 'x-router-attempts': '0; few,m queue full', 'retry-after': '2', 'x-router-provider': 'few' })
    t.equal(headers.get('x-should-retry'), null)
  }
  await until(() => held.length === 1)
  held[0]?.answer()
  t.equal((await first).status, 200)
  t.strictSame(came, ['a1'])
})

t.test('one whose turn does not come in time goes to the next target, or is told to come again', async t => {
  for (const fallback of [true, false]) {
    const { held, came, enter, url, counts } = await open(t, { maxConcurrent: 1, queueTimeout: 30 }, { fallback })
    const { answer: first } = await enter('a1')
    const { status, headers, json } = await ask(url, {})
    if (fallback) {
      t.match(json, { content: [{ text: 'spare' }] })
      t.equal(headers.get('x-router-attempts'), '1; few,m queue timeout')
    } else {
      t.equal(status, 529)
      t.match(json, { error: { type: 'overloaded_error' } })
      t.match(Object.fromEntries(headers), { 'x-router-attempts': '0; few,m queue timeout', 'retry-after': '2' })
    }
    t.strictSame(counts(), [1, 0])
    await until(() => held.length === 1)
    held[0]?.answer()
    await first
    t.strictSame(came, ['a1'])
  }
})

t.test('pings keep a stream that waits for its turn', async t => {
  const { held, enter, url, counts } = await open(t, { maxConcurrent: 1 }, { rest: { Stream: { pingAfter: 20 } } })
  const { answer: first } = await enter('a1')
  const stream = await openStream(url, {})
  await stream.until(text => text.includes('event: ping'))
  t.strictSame(counts(), [1, 1])
  await until(() => held.length === 1)
  held[0]?.answer()
  await first
  await until(() => held.length === 1)
  held[0]?.answer()
  t.match(checkGrammar(await stream.end()), { ended: 'message_stop', content: [{ text: 'hi' }] })
})

t.test('a client that leaves while it waits never reaches the provider', async t => {
  const { held, came, enter, url, counts, app } = await open(t, { maxConcurrent: 1, maxQueue: 2 }, { rest: { Stream: { pingAfter: 20 } } })
  const { answer: first } = await enter('a1')
  const leaving = await openStream(url, { messages: [{ role: 'user', content: 'leaving' }] })
  const given = new AbortController()
  const body = JSON.stringify({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'leaving, too' }] })
  const plain = fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: given.signal })
  await until(() => counts()[1] === 2)
  leaving.leave()
  await until(() => counts()[1] === 1)
  given.abort()
  await t.rejects(plain)
  await until(() => counts()[1] === 0)
  const { answer: next } = await enter('b1')
  t.strictSame(counts(), [1, 1], 'their places are free')
  for (const answer of [first, next]) {
    await until(() => held.length === 1)
    held[0]?.answer()
    t.equal((await answer).status, 200)
  }
  t.strictSame(came, ['a1', 'b1'])
  t.strictSame(counts(), [0, 0])
  t.equal(app.running.size, 0)
})

t.test('a client that leaves while it is served makes room for the next', async t => {
  const { held, came, enter, url, counts } = await open(t, { maxConcurrent: 1 }, { rest: { Stream: { pingAfter: 20 } } })
  const leaving = await openStream(url, { messages: [{ role: 'user', content: 'leaving' }] })
  const { answer: next } = await enter('a1')
  t.strictSame(counts(), [1, 1])
  leaving.leave()
  await until(() => came.includes('a1') && held.length === 1)
  held[0]?.answer()
  t.match((await next).json, { content: [{ text: 'a1' }] })
  t.strictSame(counts(), [0, 0])
})

t.test('a place is not kept during a pause', async t => {
  const failing = await startUpstream(t, (response: ServerResponse, request, n) => n === 0 ? json(response, { error: { message: 'broke' } }, 500) : SPEECH.openai.answer(response, request, textOf(request)))
  const { url, app } = await startApp(t, {
    config: {
      Providers: [{ name: 'few', api_base_url: `${failing.url}/v1/chat/completions`, api_key: 'secret', models: ['m'], maxConcurrent: 1, maxQueue: 0 }],
      Router: { default: 'few,m' },
      Failover: { backoff: 300 }
    }
  })
  const first = ask(url, { messages: [{ role: 'user', content: 'first' }] })
  const few = app.config.current.providers.get('few')?.get('m')?.provider
  if (few === undefined) throw new Error('there is no provider few')
  await until(() => failing.requests.length === 1 && app.lanes.of(few).queue.running === 0)
  t.match(await ask(url, { messages: [{ role: 'user', content: 'second' }] }), { status: 200, json: { content: [{ text: 'second' }] } })
  t.match(await first, { status: 200, json: { content: [{ text: 'first' }] } })
})
