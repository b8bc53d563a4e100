import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { openStream } from '../helper/events.ts'
import { freePort } from '../helper/free-port.ts'
import { gatewayFolder } from '../helper/gateway-process.ts'
import { until } from '../helper/until.ts'
import { USAGE, delta, sse, startUpstream } from '../helper/upstream.ts'

const run = promisify(execFile)
const deploy = join(import.meta.dirname, '..', '..', 'deploy')
const [FIRST, LAST] = ['the first word', 'the last word']

/** A gateway, and a provider that says its last word only when it is told that the first one has arrived. */
async function stage (t: Test): Promise<{ port: string, arrived: () => void }> {
  let arrived = (): void => {}
  const upstream = await startUpstream(t, async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(sse(delta({ role: 'assistant', content: FIRST })))
    await new Promise<void>(resolve => { arrived = resolve })
    response.end(sse(delta({ content: LAST }), delta({}, 'stop', { usage: USAGE }), '[DONE]'))
  })
  const { url, app } = await startApp(t, { config: oneProvider(upstream.url, 'openai', { APIKEY: 'k', HOST: '127.0.0.1' }) })
  t.teardown(() => app.server.closeAllConnections())
  return { port: new URL(url).port, arrived: () => arrived() }
}

/** Runs a server to the end of the test; @returns false where it is not installed. */
async function serve (t: Test, command: string, args: string[], env: Record<string, string> = {}): Promise<boolean> {
  const there = await run(command, [command === 'nginx' ? '-v' : 'version']).then(() => true, () => false)
  if (!there) {
    t.pass(`skipped: there is no ${command} here`, { skip: `there is no ${command} here` })
    return false
  }
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { PATH: process.env['PATH'], ...env } })
  const gone = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await gone
  })
  return true
}

t.test('nginx: the first event arrives before the last is sent, by TLS', async t => {
  const { port, arrived } = await stage(t)
  const folder = await gatewayFolder(t, {})
  const own = await freePort()
  const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=gateway.example.com', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]).then(() => true, () => false)
  if (!made) {
    t.pass('skipped: there is no openssl here', { skip: 'there is no openssl here' })
    return
  }
  // As it is shipped, but for the places of this machine.
  const site = readFileSync(join(deploy, 'nginx.conf'), 'utf8')
    .replace('server 127.0.0.1:3456', `server 127.0.0.1:${port}`)
    .replace('listen 443 ssl', `listen 127.0.0.1:${own} ssl`)
    .replace(/\S+fullchain\.pem/, join(folder, 'cert.pem'))
    .replace(/\S+privkey\.pem/, join(folder, 'key.pem'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join(' ')
  // The gateway asks nginx not to buffer, too: what is tested is that the file does so by itself.
  await writeFile(join(folder, 'nginx.conf'), `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; proxy_ignore_headers X-Accel-Buffering; ${temporary} ${site} }`)
  if (!await serve(t, 'nginx', ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')])) return

  const ask = async (path: string, body?: object, key = 'k'): Promise<{ status: number | undefined, text: string }> => {
    const call = request({ host: '127.0.0.1', port: own, path, method: body === undefined ? 'GET' : 'POST', rejectUnauthorized: false, headers: { host: 'gateway.example.com', 'x-api-key': key, 'content-type': 'application/json' } })
    call.end(body === undefined ? undefined : JSON.stringify(body))
    const [response] = await once(call, 'response') as [IncomingMessage]
    let text = ''
    for await (const piece of response) {
      text += String(piece)
      // Not before: what nginx keeps would never come.
      if (text.includes(FIRST)) arrived()
    }
    return { status: response.statusCode, text }
  }
  await until('nginx listens', () => ask('/health').then(({ status }) => status === 200, () => false))
  const { status, text } = await ask('/v1/messages', { model: 'm', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'hi' }] })
  t.equal(status, 200)
  t.match(text, new RegExp(`${FIRST}[^]*${LAST}[^]*message_stop`))
  const large = await ask('/v1/messages/count_tokens', { model: 'm', messages: [{ role: 'user', content: 'word '.repeat(1_000_000) }] })
  t.equal(large.status, 200, 'a body of 5 MB passes')
  t.equal((await ask('/metrics', undefined, '')).status, 401, 'who comes by it is no program of this machine')
})

t.test('Caddy, the balancer of docker-compose.yml: the same', async t => {
  const { port, arrived } = await stage(t)
  const folder = await gatewayFolder(t, {})
  const own = await freePort()
  const env = { SITE_ADDRESS: `http://127.0.0.1:${own}`, ROUTER_NAME: 'localhost', ROUTER_PORT: port, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  await writeFile(join(folder, 'Caddyfile'), `{\n  admin off\n}\n${readFileSync(join(deploy, 'Caddyfile'), 'utf8')}`)
  if (!await serve(t, 'caddy', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], env)) return
  const url = `http://127.0.0.1:${own}`
  await until('Caddy listens', () => fetch(`${url}/health`).then(({ status }) => status === 200, () => false))
  const stream = await openStream(url, {}, { 'x-api-key': 'k' })
  await stream.until(text => text.includes(FIRST))
  arrived()
  t.match(await stream.end(), new RegExp(`${LAST}[^]*message_stop`))
  t.equal((await fetch(`${url}/metrics`)).status, 401, 'who comes by it is no program of this machine')
})
