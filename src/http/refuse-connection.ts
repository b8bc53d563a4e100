import type { Socket } from 'node:net'
import { ApiError } from '../errors.ts'
import { newRequestId } from '../message/ids.ts'

/** What is no HTTP request, or one with headers that are too large, is answered in the API's form as well. */
export function refuseConnection (error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, refusal] = error.code === 'HPE_HEADER_OVERFLOW'
    ? ['431 Request Header Fields Too Large', new ApiError('invalid_request_error', 'The headers of the request are too large.')]
    : ['400 Bad Request', new ApiError('invalid_request_error', 'This is not an HTTP request that can be read.')]
  const id = newRequestId()
  const body = JSON.stringify(refusal.toBody(id))
  socket.end(`HTTP/1.1 ${status}\r\nrequest-id: ${id}\r\nx-should-retry: false\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
}
