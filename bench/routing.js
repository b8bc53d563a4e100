/**
 * What it costs to describe a request and to decide where it goes, alone, as a child of the bench: in a request of 80 KB it
 * is too little to be told from noise.
 *
 * Each request is parsed anew before the clock starts, as requests are. `again` is a request whose conversation was seen
 * before, as all but the first of a session are; `grown` a conversation that has come to a megabyte, one turn at a time;
 * `newPart` the estimate of nothing but the turn that came last, for the same turns of another conversation, and `parsing` what
 * `JSON.parse` takes for the whole.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serve } from './ipc.js'
import { messagesRequest } from './requests.js'

const CALLER = { headers: { 'x-claude-code-session-id': '11111111-2222-4333-8444-555555555555' }, key: undefined }
const WARM = 3000
const REQUESTS = 4000
const MEGABYTE = 1024 * 1024

const median = values => values.sort((a, b) => a - b)[values.length >> 1]
const copy = value => JSON.parse(JSON.stringify(value))

/** A configuration in which every rule has to be asked. */
async function openRouter (folder) {
  const { buildApp } = await import('../dist/src/app.js')
  const path = join(folder, 'routing.json')
  const target = 'bench,bench-model'
  await writeFile(path, JSON.stringify({
    LOG_LEVEL: 'silent',
    Providers: [{ name: 'bench', api_base_url: 'http://127.0.0.1:1/v1', models: ['bench-model'] }],
    Router: { default: target, image: target, webSearch: target, longContext: target, background: target, opus: target, sonnet: target, haiku: target, rules: [{ name: 'own', when: { tier: 'opus', tokens: { gt: 1000 }, header: { 'x-team': 'a*' } }, use: target }] }
  }))
  const app = buildApp({ env: { CONFIG_PATH: path } })
  await app.ready()
  return app.router
}

/** Microseconds. What was just parsed lies in the processor's caches, as it does when a request is routed. */
function timed (work) {
  const begin = performance.now()
  work()
  return (performance.now() - begin) * 1000
}

function measureAgain (router) {
  const text = JSON.stringify(messagesRequest(80 * 1024, false))
  const once = () => {
    const request = JSON.parse(text)
    return timed(() => router.route(request, CALLER, '/v1/messages'))
  }
  for (let i = 0; i < WARM; i++) once()
  return median(Array.from({ length: REQUESTS }, once))
}

/** The last quarter of the turns, where the head is long. */
async function measureGrowth (router) {
  const { contentTokens } = await import('../dist/src/message/estimate.js')
  const body = messagesRequest(MEGABYTE, false)
  const ends = body.messages.flatMap((_, i) => i % 2 === 0 ? [i + 1] : [])
  const turn = (mark, end) => body.messages.slice(end - 2, end).map(({ role, content }) => ({ role, content: content.map(block => distinct(block, mark)) }))
  const grown = []
  const newPart = []
  const parsing = []
  const messages = body.messages.slice(0, 1)
  for (const end of ends.slice(1)) {
    messages.push(...turn('a', end))
    const part = copy(turn('b', end))
    newPart.push(timed(() => { for (const { content } of part) contentTokens(content) }))
    const text = JSON.stringify({ ...body, messages })
    let request
    parsing.push(timed(() => { request = JSON.parse(text) }))
    grown.push(timed(() => router.route(request, CALLER, '/v1/messages')))
  }
  const last = Math.floor(grown.length * 3 / 4)
  const [late, part, parse] = [grown, newPart, parsing].map(times => median(times.slice(last)))
  return { turns: grown.length, grown: late, newPart: part, parsing: parse }
}

/** The same block with texts that nobody counted before: the generator repeats itself. */
function distinct (block, mark) {
  if (block.type === 'tool_result') return { ...block, content: block.content.map(inner => distinct(inner, mark)) }
  return block.type === 'text' ? { ...block, text: `${mark}${block.text.slice(0, -7)}${Math.random()}` } : block
}

serve(async ({ folder }) => {
  const router = await openRouter(folder)
  return { again: measureAgain(router), ...await measureGrowth(router) }
})
