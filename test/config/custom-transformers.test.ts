import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/snapshot.ts'
import { readyApp, startApp } from '../helper/app.ts'
import { ask, askStream } from '../helper/ask.ts'
import { openStream } from '../helper/events.ts'
import { type Script, answer, delta, json, sse, startUpstream, stream } from '../helper/upstream.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = await mkdtemp(join(tmpdir(), 'switchyard-own-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const { app: { transformers: builtIn } } = await readyApp(t)

const pair = 'wire: "own", encodeRequest () { return { body: {} } }, decodeReply () { return { push () {}, end () {} } }, decodeError () {}'

/** Writes files beside a configuration that names them, and loads it. */
async function load (files: Record<string, string>, { use = ['own'], options, paths = Object.keys(files) }: { use?: unknown[], options?: object, paths?: string[] } = {}): Promise<Config> {
  const own = await mkdtemp(join(folder, 'c-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text)
  const config = {
    transformers: paths.map(path => ({ path, ...(options !== undefined && { options }) })),
    Providers: [{ name: 'p', api_base_url: 'http://127.0.0.1/v1', models: ['m'], transformer: { use } }],
    Router: { default: 'p,m' }
  }
  const path = join(own, 'config.json')
  await writeFile(path, JSON.stringify(config))
  return loadConfig({ CONFIG_PATH: path }, {}, builtIn)
}

/** The whole service with one file of a user's, before an upstream. */
async function serve (t: Test, text: string, script: Script, use: unknown[] = ['own']): Promise<{ url: string, file: string, log: Record<string, unknown>[] }> {
  const own = await mkdtemp(join(folder, 's-'))
  const file = join(own, 'own.mjs')
  await writeFile(file, text)
  const upstream = await startUpstream(t, script)
  const { url, log } = await startApp(t, { config: { transformers: [{ path: file }], Providers: [{ name: 'p', api_base_url: `${upstream.url}/v1`, models: ['m'], transformer: { use } }], Router: { default: 'p,m' } } })
  return { url, file, log }
}

t.test('a pair of a user\'s for a server of OpenAI\'s API sends no limit that nobody set', async t => {
  const asked: object[] = []
  const { url } = await serve(t, 'export default (options, kit) => kit.openaiCompatible({ name: "own", request (body) { body.tier = body.max_tokens > 100 ? "big" : "small" } })', (response, request) => {
    asked.push(request.body)
    answer(response, request, 'Hi.')
  })
  for (const limit of [{}, { max_tokens: 50 }]) await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...limit }) })
  t.strictSame(asked, [{ tier: 'big' }, { tier: 'small', max_tokens: 50 }].map(rest => ({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: false, ...rest })))
})

t.test('a newcomer who follows the guide gets what it promises', async t => {
  const guide = await readFile(join(root, 'docs', 'add-a-provider.md'), 'utf8')
  const blocks = (language: string): string[] => [...guide.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text)
  const files = blocks('js')
  const configs = blocks('json')
  t.equal(files.length, 3)
  t.equal(configs.length, 3)
  const scripts: Script[] = [
    (response, request) => answer(response, request, 'From acme.'),
    (response, request) => request.body.stream ? stream(response, delta({ thoughts: 'Hm.' }), delta({ content: 'Well.' }), delta({}, 'stop'), '[DONE]') : json(response, { choices: [{ message: { thoughts: 'Hm.', content: 'Well.' }, finish_reason: 'stop' }] }),
    (response, request) => {
      const body = request.body as { live?: unknown, most?: unknown }
      if (body.most === 1) json(response, { complaint: 'that is too little for test-key' }, 422)
      else if (body.most === 2) response.writeHead(503, { 'content-type': 'text/html' }).end('<html>Back soon</html>')
      else if (body.most === 3) json(response, { complaint: { code: 7 } }, 400)
      else if (body.live === true) stream(response, { says: 'Good ' }, { says: 'day.', tokens: { read: 3, written: 2 } }, { over: 'done' })
      else json(response, { says: 'Good day.', over: 'too long', tokens: { read: 3, written: 2 } })
    }
  ]
  const stages = await Promise.all(files.map(async (text, i) => {
    const name = /^\/\/ (\S+\.js):/.exec(text)?.[1] ?? ''
    t.equal(text, await readFile(join(root, 'examples', name), 'utf8'), `${name} stands in examples/ as well`)
    t.ok(text.split('\n').length < 40, `${name} has less than 40 lines`)
    const own = await mkdtemp(join(folder, 'guide-'))
    await writeFile(join(own, name), text)
    const upstream = await startUpstream(t, scripts[i] as Script)
    // The guide as it is, but for the host: the pair must be found by its name.
    const config = (configs[i] ?? '').replace(/https:\/\/[a-z.]+/, upstream.url)
    await writeFile(join(own, 'config.json'), config)
    const { url } = await startApp(t, { env: { CONFIG_PATH: join(own, 'config.json'), ACME_API_KEY: 'test-key', THINKER_API_KEY: 'test-key', PARLEY_API_KEY: 'test-key' } })
    return { url, requests: upstream.requests }
  }))
  const [acme, thoughts, parley] = stages as [typeof stages[0], typeof stages[0], typeof stages[0]]

  for (const stream of [true, false]) t.match((await ask(acme.url, { stream, thinking: { type: 'enabled', budget_tokens: 2000 } })).text, /From acme\./)
  t.match(acme.requests[0], { path: '/v1/chat/completions', headers: { authorization: 'Bearer test-key', 'x-acme-project': 'gateway' }, body: { tier: 'fast', deliberate: true, stream: true, model: 'acme-large' } })
  t.equal(acme.requests[0]?.body.stream_options, undefined)
  t.equal((await ask(acme.url, { thinking: { type: 'enabled', budget_tokens: 2000 } })).headers.get('x-router-dropped'), null)

  t.match((await askStream(thoughts.url)).content, [{ type: 'thinking', thinking: 'Hm.' }, { type: 'text', text: 'Well.' }])
  t.match((await ask(thoughts.url, { model: 'thinker,quick', max_tokens: 9000 })).json, { content: [{ type: 'thinking', thinking: 'Hm.' }, { type: 'text', text: 'Well.' }] })
  t.match(thoughts.requests.map(({ body }) => body), [{ show_thoughts: 50 }, { show_thoughts: 50, max_tokens: 4096 }])

  t.match(await askStream(parley.url), { content: [{ type: 'text', text: 'Good day.' }], stopReason: 'end_turn', usage: { input_tokens: 3, output_tokens: 2 } })
  const plain = await ask(parley.url, { system: 'Be kind.', temperature: 1 })
  t.match(plain.json, { content: [{ text: 'Good day.' }], stop_reason: 'max_tokens' })
  t.equal(plain.headers.get('x-router-dropped'), 'temperature')
  t.match(parley.requests[1], { path: '/talk', headers: { authorization: 'Bearer test-key', 'content-type': 'application/json' }, body: { model: 'talker', live: false, most: 1000, rules: 'Be kind.', turns: [{ who: 'user', says: 'Hi' }] } })
  const refused = await ask(parley.url, { max_tokens: 1 })
  t.equal(refused.status, 400)
  t.match(refused.json, { error: { type: 'invalid_request_error', message: 'parley: that is too little for [key]' } })
  const away = await ask(parley.url, { max_tokens: 2 })
  t.match([away.status, away.headers.get('x-should-retry'), away.json], [529, null, { error: { type: 'overloaded_error', message: 'parley: status 503 without a message' } }], 'a page of a proxy')
  t.match((await ask(parley.url, { max_tokens: 3 })).json, { error: { type: 'invalid_request_error', message: 'parley: status 400 without a message' } }, 'words that are none')
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aaaa' } }
  const lossy = await ask(parley.url, { messages: [{ role: 'user', content: [image, image, { type: 'text', text: 'What is it?' }] }], top_k: 3, stop_sequences: ['x'], thinking: null })
  t.same(lossy.headers.get('x-router-dropped')?.split(', '), ['top_k', 'stop_sequences', 'messages.image'])
})

t.test('every form of a file is taken', async t => {
  const forms: Record<string, string> = {
    'an object.mjs': `export default { name: 'own', ${pair} }`,
    'a named export.mjs': `export const transformer = { name: 'own', ${pair} }`,
    'commonjs.cjs': `module.exports = { name: 'own', ${pair} }`,
    'commonjs, named.cjs': `exports.transformer = { name: 'own', ${pair} }`,
    'compiled.cjs': `exports.default = { name: 'own', ${pair} }`,
    'a class.cjs': 'module.exports = class { name = "own"; constructor (options) { this.asked = options.greet }; get wire () { return "own" } encodeRequest () { return { body: { greet: this.asked } } } decodeReply () { return { push () {}, end () {} } } decodeError () {} }',
    'an arrow.mjs': `export default options => ({ name: 'own', greet: options.greet, ${pair} })`,
    'a function.cjs': `module.exports = function (options) { return { name: 'own', ${pair} } }`,
    'that waits.mjs': `await null; export default async (options, kit) => ({ name: 'own', kit: kit.openaiCompatible({ name: 'x' }), ${pair} })`,
    'syntax that tells.js': `export default { name: 'own', ${pair} }`,
    'an adapter.mjs': 'export default { name: "own", request (body) { body.x = 1 } }',
    'a factory.mjs': 'export default { name: "own", options: { a: { type: "integer" } }, create: ({ a }) => ({ request (body) { body.x = a } }) }'
  }
  for (const [name, text] of Object.entries(forms)) {
    const isPair = !name.includes('adapter') && !name.includes('factory')
    const config = await load({ [name]: text }, { use: isPair ? ['Own'] : ['openai', ['own', {}]], options: { greet: 'hi' } })
    const { provider } = config.router.default[0]
    t.equal(isPair ? provider.pair.name : provider.adapters[0]?.name, 'own', name)
    t.ok((isPair ? config.catalogue.pair('own') : config.catalogue.adapter('own'))?.file?.endsWith(name), 'which knows its file')
    if (name === 'a class.cjs') t.same(provider.pair.encodeRequest({} as never, config.router.default[0], { headers: {}, search: '' }).body, { greet: 'hi' }, 'as a method of its object')
  }
  t.equal(builtIn.pair('own'), undefined, 'what is built in stays as it is')
})

t.test('paths begin at the configuration, at the home folder, or at the root', async t => {
  const file = join(folder, 'away.mjs')
  await writeFile(file, `export default { name: 'own', ${pair} }`)
  for (const path of [file, `~/${relative(homedir(), file)}`]) t.equal((await load({}, { paths: [path] })).catalogue.pair('own')?.file, file, path)
  await mkdir(join(folder, 'deep'), { recursive: true })
  const config = await load({ 'own.mjs': `export default { name: 'own', ${pair} }` }, { paths: ['./own.mjs'] })
  t.match(config.catalogue.pair('own')?.file, /c-.*own\.mjs$/)
})

t.test('a file that changed is read anew', async t => {
  for (const [name, text] of [['changing.mjs', 'export default {'], ['changing.cjs', 'module.exports = {']] as const) {
    const file = join(folder, name)
    for (const [i, version] of ['first', 'second'].entries()) {
      await writeFile(file, `${text} name: 'own', description: '${version}', request () {} }`)
      await utimes(file, 1000 + i, 1000 + i)
      t.equal((await load({}, { paths: [file], use: ['openai'] })).catalogue.adapter('own')?.description, version, name)
    }
  }
})

t.test('a file that cannot be used is named, with what is missing', async t => {
  const table: [string, RegExp][] = [
    ['export const x = 1', /exports nothing that can be used/],
    ['export default 7', /exports nothing that can be used/],
    ['export default () => undefined', /exports nothing that can be used/],
    ['export default {', /cannot be loaded: Unexpected end of input/],
    ['throw new Error("no luck")', /cannot be loaded: no luck/],
    ['export default () => { throw new Error("no luck") }', /cannot be loaded: no luck/],
    ['export default async () => { throw null }', /cannot be loaded: null/],
    ['import "./nowhere.mjs"', /cannot be loaded: Cannot find module/],
    [`export default { ${pair} }`, /has no usable name/],
    [`export default { name: 'a b', ${pair} }`, /has no usable name/],
    [`export default { name: 'OpenRouter', ${pair} }`, /is named OpenRouter, as a built-in transformer is already/],
    ['export default { name: "maxtoken", request () {} }', /is named maxtoken, as a built-in/],
    ['export default { name: "own", wire: "openai", encodeRequest () {} }', /without the function decodeReply and decodeError/],
    ['export default { name: "own", encodeRequest () {}, decodeReply () {}, decodeError () {} }', /whose wire is none of anthropic, openai, gemini, own/],
    [`export default { name: 'own', hosts: 'x', ${pair} }`, /hosts are not a list/],
    [`export default { name: 'own', probe: 5, endpoint: 'x', ${pair} }`, /whose endpoint and probe is not a function/],
    ['export default { name: "own", options: { a: { type: "bogus" } }, request () {} }', /has an option a whose JSON Schema cannot be used: .*type/],
    [`export default { name: 'own', options: { a: { pattern: '(' } }, ${pair} }`, /has an option a whose JSON Schema cannot be used: /],
    ['export default { name: "own", options: { a: 1 }, request () {} }', /options that are not an object of JSON Schemas/],
    ['export default { name: "own", wires: ["x"], request () {} }', /wires are not a list/],
    ['export default { name: "own" }', /makes neither a pair .* nor an adapter/],
    ['module.exports = class { name = "own"; async transformRequestIn (request) { return request } }', /claude-code-router \(transformRequestIn\)\. .*docs\/add-a-provider\.md/]
  ]
  for (const [text, expected] of table) {
    const name = text.startsWith('module') ? 'own.cjs' : 'own.mjs'
    const error = await load({ [name]: text }, { use: ['openai'] }).then(() => 'none', (error: Error) => error.message)
    t.match(error, expected, text)
    t.match(error, new RegExp(`transformers\\[0\\]\\.path: /.*/${name.replace('.', '\\.')} `), 'its place and its file')
    t.notMatch(error, /\n\s+at /, 'no stack')
  }
  await t.rejects(load({}, { paths: ['./nowhere.mjs'], use: ['openai'] }), /nowhere\.mjs is not there/)
  await t.rejects(load({ 'a.mjs': `export default { name: 'own', ${pair} }`, 'b.mjs': 'export default { name: "OWN", chunk () {} }' }), /transformers\[1\]\.path: .*b\.mjs is named OWN, as .*a\.mjs is already/)
  await t.rejects(load({ 'a.mjs': 'export default { name: "own", create () { throw new Error("no") } }' }, { use: ['openai', 'own'] }), /transformer\.use\[1\]: The transformer own \(.*a\.mjs\) failed: no/)
  await t.rejects(load({ 'a.mjs': 'export default { name: "own", create: () => ({}) }' }, { use: ['openai', 'own'] }), /use\[1\]: .*create\(\) must return an object with request, chunk or reply/)
  await t.rejects(load({ 'a.mjs': 'export default { name: "own", create: async () => { throw new Error("no") } }' }, { use: ['openai', 'own'] }), /use\[1\]: .*at once; it returned a promise/)
  for (const carries of ['5', '"thinking,top_k"', '[5]']) await t.rejects(load({ 'a.mjs': `export default { name: "own", carries: ${carries}, request () {} }` }, { use: ['openai', 'own'] }), /use\[1\]: The transformer own \(.*a\.mjs\) failed: carries must be a list of names/, carries)
  await t.rejects(load({ 'a.mjs': 'export default { name: "own", wires: ["gemini"], request () {} }' }, { use: ['openai', 'own'] }), /own is for the gemini wire; openai speaks openai/)
  await t.rejects(load({ 'a.mjs': `export default { name: 'own', endpoint () { throw new Error('no') }, ${pair} }` }), /Providers\[0\]\.api_base_url: The transformer own \(.*a\.mjs\) failed: no/)
  await t.rejects(load({ 'a.mjs': 'export default { name: "own", options: {}, request () {} }' }, { use: ['openai', ['own', { x: 1 }]] }), /own has no option x; it has none/)
})

t.test('options of two files may have schemas of one id', async t => {
  const adapter = (name: string, type: string): string => `export default { name: '${name}', options: { a: { $id: 'a', type: '${type}' } }, request () {} }`
  const files = { 'one.mjs': adapter('one', 'string'), 'two.mjs': adapter('two', 'integer') }
  t.equal((await load(files, { use: ['openai', ['one', { a: 'x' }], ['two', { a: 1 }]] })).router.default[0].provider.adapters.length, 2)
  await t.rejects(load(files, { use: ['openai', ['one', { a: 1 }], ['two', { a: 'x' }]] }), /use\[1\]: the option a of one must be string[^]*use\[2\]: the option a of two must be integer/)
})

t.test('what goes wrong in a file at work is told with its name, and nothing else breaks', async t => {
  const parts = { encodeRequest: 'encodeRequest: () => ({ body: {} })', decodeReply: 'decodeReply: writer => ({ push () { writer.text("Hi."); writer.finish("end_turn") }, end () {} })', decodeError: 'decodeError: (status) => new kit.ApiError("api_error", "refused")' }
  const pairWith = (change: Partial<typeof parts>): string => `export default (options, kit) => ({ name: 'own', wire: 'own', ${Object.values({ ...parts, ...change }).join(', ')} })`
  const adapterWith = (part: string): string => `export default (options, { ApiError }) => ({ name: 'own', ${part} })`
  const thrown = /^The transformer own \(.*own\.mjs\) failed: /
  const table: [string, string, number, RegExp, unknown[]?][] = [
    ['encodeRequest throws', pairWith({ encodeRequest: 'encodeRequest () { throw new Error("boom") }' }), 500, /failed: boom$/],
    ['encodeRequest is async', pairWith({ encodeRequest: 'async encodeRequest () { throw new Error("boom") }' }), 500, /failed: .*it returned a promise$/],
    ['encodeRequest returns nothing', pairWith({ encodeRequest: 'encodeRequest () {}' }), 500, /must return \{ url, headers, body \}/],
    ['dropped is no list', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, dropped: "tools" })' }), 500, /dropped must be a list of names/],
    ['dropped holds no names', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, dropped: [1] })' }), 500, /dropped must be a list of names/],
    ['a body that cannot be written', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: { a: 1n } })' }), 500, /body cannot be written as JSON: .*BigInt/],
    ['headers are none', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, headers: "a: b" })' }), 500, /headers must be an object/],
    ['a header with a line end', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, headers: { "x-a": "b\\nc" } })' }), 500, /Invalid character in header content \["x-a"\]/],
    ['a header with another name', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, headers: { "x a": "b" } })' }), 500, /must be a valid HTTP token/],
    ['a header that is no text', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, headers: { "x-a": {} } })' }), 500, /the header x-a must be a text/],
    ['a header of the connection', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, headers: { "Content-Length": "7" } })' }), 500, /the header Content-Length is the gateway's/],
    ['another kind of URL', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, url: "ftp://127.0.0.1/" })' }), 500, /url must begin with http/],
    ['no URL', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, url: 7 })' }), 500, /Invalid URL/],
    ['an answer of its own throws', pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, answer () { throw new Error("boom") } })' }), 500, /failed: boom$/],
    ['an adapter makes what cannot be written', adapterWith('request (body) { body.a = 1n }'), 500, /body cannot be written as JSON: .*BigInt/, ['openai', 'own']],
    ['encodeRequest refuses', pairWith({ encodeRequest: 'encodeRequest () { throw new kit.ApiError("invalid_request_error", "not with me") }' }), 400, /^not with me$/],
    ['a hook of the kit is async', 'export default (options, kit) => kit.openaiCompatible({ name: "own", async request () { throw new Error("boom") } })', 500, /it returned a promise$/],
    ['decodeReply throws', pairWith({ decodeReply: 'decodeReply () { throw "boom" }' }), 500, /failed: boom$/],
    ['decodeReply returns nothing', pairWith({ decodeReply: 'decodeReply () {}' }), 500, /must return \{ push, end, finished \}/],
    ['push throws', pairWith({ decodeReply: 'decodeReply: () => ({ push (chunk) { chunk.nothing.at(0) }, end () {} })' }), 500, /failed: Cannot read properties of undefined/],
    ['push is async', pairWith({ decodeReply: 'decodeReply: () => ({ async push () { throw new Error("boom") }, end () {} })' }), 500, /it returned a promise$/],
    ['end throws', pairWith({ decodeReply: 'decodeReply: () => ({ push () {}, end () { throw new Error("boom") } })' }), 500, /failed: boom$/],
    ['request throws', adapterWith('request () { throw new Error("boom") }'), 500, /failed: boom$/, ['openai', 'own']],
    ['request is async', adapterWith('async request () { throw new Error("boom") }'), 500, /it returned a promise$/, ['openai', 'own']],
    ['chunk throws', adapterWith('chunk () { throw new Error("boom") }'), 500, /failed: boom$/, ['openai', 'own']],
    ['reply throws', adapterWith('reply () { throw new Error("boom") }'), 500, /failed: boom$/, ['openai', 'own']],
    ['what reply returned throws', adapterWith('reply: () => () => { throw new Error("boom") }'), 500, /failed: boom$/, ['openai', 'own']],
    ['what reply returned is no function', adapterWith('reply: () => 7'), 500, /failed: adapt is not a function$/, ['openai', 'own']],
    ['chunk refuses', adapterWith('chunk () { throw new ApiError("overloaded_error", "not now") }'), 529, /^not now$/, ['openai', 'own']]
  ]
  await Promise.all(table.map(async ([what, text, status, message, use]) => {
    const { url, log } = await serve(t, text, (response, request) => answer(response, request, 'Hello.'), use)
    for (const stream of [true, false]) {
      const reply = await ask(url, { stream })
      t.equal(reply.status, status, `${what}: ${reply.text}`)
      const { error: { message: words } } = reply.json as { error: { message: string } }
      t.match(words, message, what)
      if (status !== 500) continue
      t.match(words, thrown, what)
      t.equal(reply.headers.get('x-should-retry'), 'false', 'a repetition fails as well')
      t.ok(log.some(line => line['err'] !== undefined && thrown.test(String(line['msg']))), 'the log says where')
    }
  }))
  let sent: unknown
  const kept = await serve(t, pairWith({ encodeRequest: 'encodeRequest: () => ({ body: {}, headers: { "Content-Type": "text/x", authorization: undefined } })' }), (response, { headers }) => {
    sent = [headers['content-type'], headers.authorization]
    json(response, {})
  })
  t.equal((await ask(kept.url, {})).status, 200)
  t.strictSame(sent, ['text/x', undefined], 'headers in any case, and those that are not set')
  const { url } = await serve(t, pairWith({ decodeError: 'decodeError () { return { message: "boom" } }' }), response => json(response, {}, 500))
  t.match((await ask(url, {})).json, { error: { message: /decodeError must return an ApiError/ } })
})

t.test('a fault in mid-reply ends it with an error event, and lets the provider stop', async t => {
  let see = (): void => {}
  let close = (): void => {}
  const seen = new Promise<void>(resolve => { see = resolve })
  const closed = new Promise<void>(resolve => { close = resolve })
  const { url } = await serve(t, 'export default { name: "own", reply: () => { let n = 0; return () => { if (++n > 1) throw new Error("boom") } } }', async response => {
    response.on('close', () => close())
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(sse(delta({ content: 'Begun' })))
    await seen
    response.write(sse(delta({ content: ' more' })))
  }, ['openai', 'own'])
  const reply = await openStream(url, {})
  await reply.until(text => text.includes('Begun'))
  see()
  t.match(await reply.end(), /event: error\ndata: .*The transformer own \(.*\) failed: boom/)
  t.notMatch(await reply.end(), /message_stop/)
  await closed
})
