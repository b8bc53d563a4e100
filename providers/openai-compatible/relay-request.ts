import { documentSpan, memberSpans } from '../../src/message/json-spans.ts'
import { spliceMember, spliceMembers } from '../../src/message/splice.ts'
import type { RelayRequest, Target, UpstreamRequest } from '../../src/provider.ts'
import { nameThere } from '../../src/target.ts'
import { isJsonObject, parseJson } from '../../src/wire/json.ts'
import type { RequestField } from '../../src/wire/request-fields.ts'
import type { ChatDialect } from './dialect.ts'
import { chatHeaders } from './encode-request.ts'
import { withSchemaInPrompt } from './schema-in-prompt.ts'

const COUNTS = { include_usage: true }

/**
 * A client's chat-completions request in its own bytes, under the server's name of the model. A stream is asked for its counts, which
 * the account needs (https://platform.openai.com/docs/api-reference/chat/create, stream_options).
 */
export function relayRequest (request: RelayRequest, target: Target, dialect: ChatDialect): UpstreamRequest {
  const { raw, body } = request
  const named = spliceMembers(raw, { model: nameThere(target) })
  const known = dialect.jsonSchema ? named : withSchemaInPrompt(named, body.output_config?.format?.schema)
  const asked = body.stream === true ? askForCounts(known) : known
  const dropped: RequestField[] = []
  return {
    url: target.provider.url,
    headers: chatHeaders(body, target, dialect),
    body: dialect.passed?.(asked, request, target, dropped) ?? asked,
    dropped
  }
}

function askForCounts (raw: Buffer): Buffer {
  // Where a name is repeated the last one counts, as for JSON.parse.
  const options = memberSpans(raw, documentSpan(raw), 'stream_options').at(-1)
  const given = options === undefined ? undefined : parseJson(raw.toString('utf8', options.start, options.end))
  return spliceMember(raw, 'stream_options', isJsonObject(given) ? { ...given, ...COUNTS } : COUNTS)
}
