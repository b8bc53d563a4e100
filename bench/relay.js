/**
 * What Fastify and undici cost by themselves: a relay that reads the request and passes bytes both ways, untouched.
 * The request is collected before it is sent on, as in every gateway that routes by what stands in it. The reply goes
 * from socket to socket by undici's `stream`, which costs less than a body handed to `reply.send`.
 */
import Fastify from 'fastify'
import { Pool } from 'undici'

const pool = new Pool(process.env.UPSTREAM, { pipelining: 1, connect: { noDelay: true } })
const app = Fastify({ bodyLimit: 32 * 1024 * 1024 })

app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.get('/health', async () => ({ status: 'ok' }))
app.post('/v1/chat/completions', async (request, reply) => {
  reply.hijack()
  const { 'content-type': type, authorization } = request.headers
  await pool.stream({ path: request.url, method: 'POST', headers: { 'content-type': type, authorization }, body: request.body }, ({ statusCode, headers }) => {
    // What belongs to the connection is Node's to set again.
    const { connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...kept } = headers
    return reply.raw.writeHead(statusCode, kept)
  })
})

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) })
