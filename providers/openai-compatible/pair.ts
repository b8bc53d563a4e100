import type { TransformerPair } from '../../src/provider.ts'
import { ChatDecoder } from './decode-reply.ts'
import { decodeChatError } from './decode-error.ts'
import type { ChatDialect } from './dialect.ts'
import { encodeChatRequest } from './encode-request.ts'
import { chatEndpoint } from './endpoint.ts'
import { relayRequest } from './relay-request.ts'

/** A transformer pair for one dialect of the chat-completions wire. */
export function chatPair (dialect: ChatDialect): TransformerPair {
  const { name, options, probe, probePause } = dialect
  return {
    name,
    wire: 'openai',
    ...(options !== undefined && { options }),
    ...(probe !== undefined && { probe }),
    ...(probePause !== undefined && { probePause }),
    endpoint: chatEndpoint,
    encodeRequest: (request, target, client) => encodeChatRequest(request, target, dialect, client),
    decodeReply: (writer, target, asked) => new ChatDecoder(writer, dialect, target, asked),
    decodeError: (status, headers, body, target) => decodeChatError(status, headers, body, target.provider),
    chatRelay: { request: (request, target) => relayRequest(request, target, dialect) }
  }
}
