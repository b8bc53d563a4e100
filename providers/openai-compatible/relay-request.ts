import { documentSpan, memberSpans } from '../../src/message/json-spans.ts'
import { spliceMembers } from '../../src/message/splice.ts'
import type { RelayRequest, Target, UpstreamRequest } from '../../src/provider.ts'
import { nameThere } from '../../src/target.ts'
import { isJsonObject, parseJson } from '../../src/wire/json.ts'
import type { ChatDialect } from './dialect.ts'
import { chatHeaders } from './encode-request.ts'

const COUNTS = { include_usage: true }

/**
 * A client's chat-completions request in its own bytes, under the server's name of the model. A stream is asked for its counts, which
 * the account needs (https://platform.openai.com/docs/api-reference/chat/create, stream_options).
 */
export function relayRequest ({ raw, body }: RelayRequest, target: Target, dialect: ChatDialect): UpstreamRequest {
  return {
    url: target.provider.url,
    headers: chatHeaders(body, target, dialect),
    body: spliced(dialect.passed?.(raw, body, target) ?? raw, nameThere(target), body.stream === true),
    dropped: []
  }
}

function spliced (raw: Buffer, model: string, stream: boolean): Buffer {
  if (!stream) return spliceMembers(raw, { model })
  // Where a name is repeated the last one counts, as for JSON.parse.
  const options = memberSpans(raw, documentSpan(raw), 'stream_options').at(-1)
  if (options === undefined) return spliceMembers(raw, { model }, { stream_options: COUNTS })
  const given = parseJson(raw.toString('utf8', options.start, options.end))
  return spliceMembers(raw, { model, stream_options: isJsonObject(given) ? { ...given, ...COUNTS } : COUNTS })
}
