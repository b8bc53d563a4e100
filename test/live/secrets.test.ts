import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { startApp } from '../helper/app.ts'
import { until } from '../helper/until.ts'

/** Secrets are planted wherever a configuration may hold one, and looked for in whatever the gateway says. */

const CANARY = 'canary'
let planted = 0
const secret = (): string => `${CANARY}-${++planted}-4fJx92LqPz`

const ADMIN = secret()
const HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN}` }

interface Entry { readonly name: string, readonly api_key?: string | string[], readonly [member: string]: unknown }

const OWN = `
export default options => ({
  name: 'own',
  create: () => ({ name: 'own', request () { throw new Error(typeof options.token) } })
})`

/** Files that tell in their errors what they were given. */
const TELLING = 'export default options => { throw new Error("cannot use " + options.token) }'
const TELLING_PAIR = `export default {
  name: 'telling', wire: 'openai', encodeRequest () {}, decodeReply () {}, decodeError () {},
  endpoint (url) { throw new Error('no path in ' + url) }
}`

function documentWith (own: string): { Providers: [Entry, Entry, Entry], transformers: object[] } & Record<string, unknown> {
  return {
    APIKEY: ADMIN,
    OPENAI_API_KEY: secret(),
    PROXY_URL: `http://user:a%20b%23${secret()}%3F%2F@127.0.0.1:9/`,
    Providers: [
      { name: 'one', api_base_url: `http://user:${secret()}@127.0.0.1:9/v1/chat/completions?key=${secret()}&version=1`, api_key: [secret(), secret()], models: ['m'], transformer: { use: [['openai', { headers: { Authorization: `Bearer ${secret()}`, 'x-team': secret() } }]] } },
      { name: 'three', api_base_url: `http://user:a b ${secret()}@127.0.0.1:9/v1#token=${secret()}`, models: ['m'] },
      { name: 'two', api_base_url: 'http://127.0.0.1:9/v1', api_key: '$FROM_ENVIRONMENT', models: ['m'], transformer: { use: ['own', 'openai'] } }
    ],
    Router: { default: 'one,m', think: 'two,m' },
    Keys: [{ name: 'ann', key: secret() }],
    transformers: [{ path: own, options: { token: secret(), deep: [{ password: secret() }] } }],
    StatusLine: { enabled: true, token: secret() },
    plugins: [{ name: 'x', options: { apiKey: secret(), API_KEY_2: secret(), privateKeyPem: secret(), jwt: secret(), requestHeaders: { 'x-a': secret() }, headers: [['x-a', secret()], `x-b: ${secret()}`], proxy: `user:a/${secret()}@host:1`, urls: [`http://u:${secret()}@a/`, `http://u:${secret()}@b/?sas=${secret()}`] } }]
  }
}

t.test('no secret is told', async t => {
  const fromEnvironment = secret()
  const env = { FROM_ENVIRONMENT: fromEnvironment, VALID_API_KEYS: secret(), KEY_HASH_SECRET: secret(), NO_PROXY: '127.0.0.1' }
  const plain = { APIKEY: ADMIN, Providers: [{ name: 'one', api_base_url: 'http://127.0.0.1:9/v1', models: ['m'] }], Router: { default: 'one,m' }, Failover: { tries: 1 } }
  const { url, path, log } = await startApp(t, { config: plain, env })
  const own = join(dirname(path), 'own.mjs')
  const [telling, pair] = ['telling.mjs', 'pair.mjs'].map(name => join(dirname(path), name)) as [string, string]
  await writeFile(own, OWN)
  await writeFile(telling, TELLING)
  await writeFile(pair, TELLING_PAIR)
  const document = { ...documentWith(own), Failover: { tries: 1 } }
  const said: string[] = []
  const call = async (method: string, where: string, body?: unknown, headers: Record<string, string> = HEADERS): Promise<{ status: number, text: string }> => {
    const reply = await fetch(url + where, { method, headers, ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }) })
    const text = await reply.text()
    said.push(`${method} ${where} ${JSON.stringify([...reply.headers])}\n${text}`)
    return { status: reply.status, text }
  }

  t.match(await call('POST', '/api/config', document), { status: 200 })
  await call('POST', '/api/config?dry_run=1', { ...document, APIKEY: secret(), Providers: [{ ...document.Providers[0], api_key: secret(), api_base_url: `https://${secret()}:${secret()}@127.0.0.1/v1?token=${secret()}` }] })
  await call('PATCH', '/api/config', { OPENAI_API_KEY: secret(), StatusLine: { token: secret() } })
  await call('POST', '/api/config/backup')
  const { backups } = JSON.parse((await call('GET', '/api/config/backups')).text) as { backups: { name: string }[] }
  t.ok(backups.length > 1)
  for (const { name } of backups) {
    await call('GET', `/api/config/backups/${name}`)
    await call('GET', `/api/config/backups/${name}/diff`)
    await call('POST', `/api/config/backups/${name}/restore?dry_run=1`)
  }
  t.match(await call('GET', '/api/config'), { status: 200 })
  for (const where of ['/api/config/schema', '/api/transformers', '/api/providers', '/api/keys', '/api/audit', '/api/usage', '/api/usage/requests', '/openapi.json', '/ready', '/health', '/metrics', '/', '/stats', '/v1/models']) await call('GET', where)
  await call('POST', '/api/route', { model: 'claude-x', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] })
  for (const model of ['one,m', 'two,m']) await call('POST', '/v1/messages', { model, max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] })

  // A mask that is moved to where it would be shown gets nothing.
  const MASK = '********'
  const moved: object[] = [
    { PROXY_URL: `http://127.0.0.1:9/${MASK}` },
    { PROXY_URL: `http://127.0.0.1:9/?a=${MASK}` },
    { Providers: [{ ...document.Providers[0], api_key: MASK, api_base_url: `http://127.0.0.1:9/${MASK}/${MASK}` }, ...document.Providers.slice(1)] },
    { Providers: [{ ...document.Providers[0], api_key: [MASK, MASK], models: [MASK] }, ...document.Providers.slice(1)] },
    { Router: { default: MASK } },
    { StatusLine: { text: MASK } }
  ]
  for (const body of moved) for (const query of ['', '?dry_run=1']) t.equal((await call('PATCH', `/api/config${query}`, body)).status, 400, JSON.stringify(body))

  // Wrong in every way that an error may quote.
  const [first, , second] = document.Providers
  const wrong: unknown[] = [
    { ...document, Providers: [{ ...first, api_key: `${secret()} with a blank` }, second] },
    { ...document, Providers: [{ ...first, api_key: [first.api_key?.[0], first.api_key?.[0]] }, second] },
    { ...document, Providers: [{ ...first, api_key: { token: secret() } }, second] },
    { ...document, Providers: [{ ...first, api_base_url: `ftp://user:${secret()}@host/` }, second] },
    { ...document, Providers: [{ ...first, api_base_url: `http://user:${secret()}@[/` }, second] },
    { ...document, Providers: [{ ...first, transformer: { use: [['openai', { headers: { Authorization: [secret()] } }]] } }, second] },
    { ...document, Providers: [{ ...first, transformer: { use: [['openai', { token: secret() }]] } }, second] },
    { ...document, PROXY_URL: `user:${secret()}@nowhere` },
    { ...document, Keys: [{ name: 'ann', key: ADMIN }] },
    { ...document, Keys: [{ name: 'ann', key: [secret()] }] },
    { ...document, APIKEY: 5, OPENAI_API_KEY: [secret()] },
    { ...document, transformers: [{ path: '/nowhere/own.mjs', options: { token: secret() } }] },
    { ...document, transformers: [{ path: telling, options: { token: secret() } }] },
    { ...document, transformers: [...document.transformers, { path: pair }], Providers: [{ ...first, transformer: { use: ['telling'] } }, second] },
    { ...document, HOST: { password: secret() } }
  ]
  for (const body of wrong) for (const method of ['POST', 'PATCH']) t.equal((await call(method, '/api/config', body)).status, 400)
  for (const body of [`{ "APIKEY": "${secret()}", `, `{ "APIKEY": ${secret()} }`, `{ "APIKEY": "x" "${secret()}" }`, secret()]) t.match(await call('POST', '/api/config', body), { status: 400 })
  await call('POST', '/api/config', document, { 'content-type': 'application/json', authorization: `Bearer ${secret()}` })

  // And by whoever writes the file.
  const errors = (): number => log.filter(({ level }) => Number(level) >= 50).length
  for (const text of [`{ APIKEY: '${secret()}', Providers: [{ api_key: '${secret()}' }] }`, `{ APIKEY: '${secret()}' "${secret()}`, JSON.stringify({ ...document, Providers: [{ ...first, api_key: `${secret()} blank` }] })]) {
    const before = errors()
    await writeFile(path, text)
    await until('the bad file was noticed', () => errors() > before)
    await call('GET', '/api/config')
    await call('GET', '/ready')
  }
  const leaks = said.filter(text => text.includes(CANARY))
  t.strictSame(leaks.map(text => text.slice(Math.max(0, text.indexOf(CANARY) - 200), text.indexOf(CANARY) + 60)), [], 'in no answer')
  t.strictSame(log.filter(line => JSON.stringify(line).includes(CANARY)), [], 'and in no line of the log')
})
