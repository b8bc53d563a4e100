import type { FastifyReply } from 'fastify'

/**
 * Calls `left` when the connection closes before the reply is complete; at once where it is closed already, which nobody
 * would say again. (Fastify's `request.signal` fires too early.)
 */
export function onLeave ({ raw }: FastifyReply, left: () => void): void {
  const check = (): void => { if (!raw.writableFinished) left() }
  if (raw.destroyed) check()
  else raw.on('close', check)
}
