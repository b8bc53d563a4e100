import type { FastifyReply } from 'fastify'

/** Calls `left` when the connection closes before the reply is complete. (Fastify's `request.signal` fires too early.) */
export function onLeave (reply: FastifyReply, left: () => void): void {
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) left()
  })
}
