import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { oneProvider } from '../helper/app.ts'
import { delta, sse, startUpstream } from '../helper/upstream.ts'

const MB = 1024 * 1024
const server = join(import.meta.dirname, '..', '..', 'dist', 'src', 'server.js')

/** Resident memory of a process in MB. */
async function residentMemory (pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

t.test('a stream of 100 MB to a slow reader leaves the memory of the service where it was', { skip: process.platform === 'linux' ? false : 'resident memory is read from /proc' }, async t => {
  const piece = sse(delta({ content: 'x'.repeat(4096) }))
  const upstream = await startUpstream(t, async response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (let sent = 0; sent < 100 * MB; sent += piece.length) {
      if (!response.write(piece)) await once(response, 'drain')
    }
    response.end(sse(delta({}, 'stop'), '[DONE]'))
  })
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-memory-'))
  const path = join(folder, 'config.json')
  await writeFile(path, JSON.stringify(oneProvider(upstream.url)))
  const child = spawn(process.execPath, [server], { cwd: folder, env: { PATH: process.env['PATH'], CONFIG_PATH: path, PORT: '0' } })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  let output = ''
  while (!/listens on/.test(output)) output += String((await once(child.stdout, 'data'))[0])
  const port = Number(/listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1])

  const body = JSON.stringify({ model: 'm', max_tokens: 5, stream: true, messages: [{ role: 'user', content: 'x' }] })
  const socket = connect(port, '127.0.0.1')
  socket.write(`POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  const samples: number[] = []
  let received = 0
  let tail = ''
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    received += bytes.length
    if (received > (samples.length + 1) * 10 * MB) samples.push(await residentMemory(child.pid as number))
    tail = (tail + bytes.toString('latin1')).slice(-100)
    if (tail.includes('message_stop')) break
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  t.ok(samples.length >= 9, 'everything arrived')
  // The first 30 MB fill the buffers and let the heap find its size; from there on nothing may pile up.
  const [settled = 0] = samples.slice(2)
  const growth = Math.max(...samples.slice(3)) - settled
  t.ok(growth < 40, `it grew by ${Math.round(growth)} MB over the last 70 MB: ${samples.map(Math.round).join(', ')}`)
})
