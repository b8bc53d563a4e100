import { once } from 'node:events'
import { type RequestListener, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { ProxyAgent } from 'undici'
import { ApiError } from '../../src/errors.ts'
import { type Media, MediaLoader, type MediaLimits } from '../../src/upstream/load-media.ts'

const never = new AbortController().signal

async function serve (t: Test, listener: RequestListener): Promise<{ port: number, asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    listener(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, asked }
}

function loader (limits: Partial<MediaLimits> = {}): MediaLoader {
  return new MediaLoader({ maxBytes: 1000, timeout: 5000, allowHosts: ['127.0.0.1'], ...limits }, undefined)
}

async function failure (media: Promise<Media>): Promise<string> {
  try {
    await media
    return 'it was loaded'
  } catch (error) {
    return error instanceof ApiError && error.type === 'invalid_request_error' ? error.message : String(error)
  }
}

t.test('a file is loaded with its type', async t => {
  const { port } = await serve(t, (_request, response) => { response.writeHead(200, { 'content-type': 'Image/PNG; x=y' }).end('abc') })
  t.strictSame(await loader().load(`http://127.0.0.1:${port}/a.png`, { bytes: 1000 }, never), { media_type: 'image/png', data: Buffer.from('abc').toString('base64') })
})

t.test('a redirect is followed, three times at most', async t => {
  const { port, asked } = await serve(t, ({ url }, response) => {
    if (url === '/end') response.writeHead(200, { 'content-type': 'image/gif' }).end('g')
    else response.writeHead(302, { location: url === '/begin' ? '/end' : url }).end()
  })
  t.match(await loader().load(`http://127.0.0.1:${port}/begin`, { bytes: 1000 }, never), { media_type: 'image/gif' })
  asked.length = 0
  t.match(await failure(loader().load(`http://127.0.0.1:${port}/round`, { bytes: 1000 }, never)), /redirected more than 3 times/)
  t.equal(asked.length, 4)
})

t.test('addresses that are not public are refused, however they are written', async t => {
  const { port, asked } = await serve(t, (_request, response) => { response.end('secret') })
  const strict = loader({ allowHosts: [] })
  for (const host of ['127.0.0.1', 'localhost', '127.1', '2130706433', '0x7f000001', '0.0.0.0', '[::1]', '[::ffff:127.0.0.1]', '10.0.0.1', '172.16.3.4', '192.168.1.1', '169.254.169.254', '100.64.0.1', '[fd00::1]', '[fe80::1]']) {
    t.match(await failure(strict.load(`http://${host}:${port}/`, { bytes: 1000 }, never)), /its address is not public/, host)
  }
  t.strictSame(asked, [], 'no one was asked')
})

t.test('a redirect to such an address is refused as well', async t => {
  const inner = await serve(t, (_request, response) => { response.writeHead(200, { 'content-type': 'image/png' }).end('secret') })
  const outer = await serve(t, (_request, response) => { response.writeHead(307, { location: `http://localhost:${inner.port}/` }).end() })
  t.match(await failure(loader().load(`http://127.0.0.1:${outer.port}/`, { bytes: 1000 }, never)), /its address is not public/)
  t.strictSame(inner.asked, [])
})

t.test('what cannot be loaded is said, with the reason', async t => {
  const { port } = await serve(t, ({ url }, response) => {
    if (url === '/html') response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')
    else if (url === '/none') response.writeHead(200).end('x')
    else if (url === '/large') response.writeHead(200, { 'content-type': 'image/png' }).end('x'.repeat(1001))
    else if (url === '/cut') response.writeHead(200, { 'content-type': 'image/png', 'content-length': '10' }).write('x', () => response.destroy())
    else if (url === '/slow') response.writeHead(200, { 'content-type': 'image/png' }).write('x')
    else response.writeHead(404).end('no')
  })
  for (const [path, reason, limits] of [
    ['/html', /it is text\/html, and neither an image nor a PDF/],
    ['/none', /it is of no named type/],
    ['/large', /files of a request may have 1000 bytes together/],
    ['/cut', /its server cannot be reached/],
    ['/slow', /it takes too long/, { timeout: 50 }],
    ['/missing', /status 404/]
  ] as [string, RegExp, Partial<MediaLimits>?][]) t.match(await failure(loader(limits).load(`http://127.0.0.1:${port}${path}`, { bytes: 1000 }, never)), reason, path)
  t.match(await failure(loader().load('ftp://example.org/x', { bytes: 1000 }, never)), /only http and https/)
  t.match(await failure(loader().load('what', { bytes: 1000 }, never)), /it is no URL/)
})

t.test('the files of one request share what may be loaded', async t => {
  const { port } = await serve(t, (_request, response) => { response.writeHead(200, { 'content-type': 'image/png' }).end('x'.repeat(600)) })
  const media = loader()
  const budget = media.newBudget()
  await media.load(`http://127.0.0.1:${port}/a`, budget, never)
  t.match(await failure(media.load(`http://127.0.0.1:${port}/b`, budget, never)), /1000 bytes together/)
})

t.test('a proxy is not asked for what is not public either', async t => {
  const inner = await serve(t, (_request, response) => { response.writeHead(200, { 'content-type': 'image/png' }).end('secret') })
  const proxy = await serve(t, (_request, response) => { response.writeHead(200, { 'content-type': 'image/png' }).end('by proxy') })
  const behind = new MediaLoader({ maxBytes: 1000, timeout: 5000, allowHosts: [] }, new ProxyAgent({ uri: `http://127.0.0.1:${proxy.port}`, proxyTunnel: false }))
  for (const host of ['localhost', '127.0.0.1', '[::1]']) t.match(await failure(behind.load(`http://${host}:${inner.port}/`, { bytes: 1000 }, never)), /its address is not public/, host)
  t.strictSame([inner.asked, proxy.asked], [[], []], 'no one was asked')
  t.match(await behind.load('http://1.1.1.1/x.png', { bytes: 1000 }, never), { data: Buffer.from('by proxy').toString('base64') }, 'what is public goes by the proxy')
  const own = new MediaLoader({ maxBytes: 1000, timeout: 5000, allowHosts: ['127.0.0.1'] }, new ProxyAgent(`http://127.0.0.1:${proxy.port}`))
  t.match(await own.load(`http://127.0.0.1:${inner.port}/`, { bytes: 1000 }, never), { data: Buffer.from('secret').toString('base64') }, 'the team\'s own servers are asked directly')
})

t.test('a client that leaves ends the loading', async t => {
  const { port } = await serve(t, (_request, response) => { response.writeHead(200, { 'content-type': 'image/png' }).write('x') })
  const left = new AbortController()
  const loading = failure(loader().load(`http://127.0.0.1:${port}/`, { bytes: 1000 }, left.signal))
  left.abort()
  t.match(await loading, /could not be loaded/)
})
