import { conversationOf } from '../../src/message/conversation-key.ts'
import { spliceRequest } from '../../src/message/splice.ts'
import type { ClientHead, RelayRequest, Target, UpstreamRequest } from '../../src/provider.ts'
import type { MessageParam, MessagesRequest } from '../../src/wire/anthropic.ts'
import { withoutThinking } from './broken-loop.ts'
import { familyOf, foreignTo } from './foreign-thinking.ts'
import { requestHeaders } from './headers.ts'
import { withSignedThinking } from './signed-thinking.ts'

const urls = new WeakMap<URL, Map<string, URL>>()

/** A URL beside the endpoint, always the same object: whoever sends to it keeps what it is made of. */
function urlOf (endpoint: URL, path: string, search: string): URL {
  if (path === '' && search === '') return endpoint
  let known = urls.get(endpoint)
  if (known === undefined) urls.set(endpoint, known = new Map())
  const key = path + search
  let url = known.get(key)
  if (url === undefined) {
    url = new URL(endpoint)
    url.pathname += path
    if (search !== '') url.search = url.search === '' ? search : `${url.search}&${search.slice(1)}`
    // The query is the client's: what it may make up is not kept without end.
    if (known.size < 50) known.set(key, url)
  }
  return url
}

/** The request in its own bytes, with the provider's model name, and without the thinking of others. */
export function relayRequest ({ raw, body, headers, search, path }: RelayRequest, target: Target): UpstreamRequest {
  const { provider } = target
  const foreignPart = foreignTo(target)
  const stopped = withoutThinking(body, foreignPart)
  return {
    url: urlOf(provider.url, path, search),
    headers: requestHeaders(headers, provider, body.stream === true),
    body: spliceRequest(raw, body, { model: target.model, ...stopped }, foreignPart),
    dropped: stopped === undefined ? [] : ['thinking']
  }
}

/** The same as an object, where an adapter changes it, or the client speaks another API: that one may have left thinking out. */
export function encodeRequest (request: MessagesRequest, target: Target, client: ClientHead): UpstreamRequest {
  const foreignPart = foreignTo(target)
  const remembered = withSignedThinking(request, target.provider.memory.of(conversationOf(request, client)), familyOf(target), target.capabilities.claude?.thinksUnasked === true)
  const messages = remembered.flatMap((message): MessageParam[] => {
    if (typeof message.content === 'string') return [message]
    const content = message.content
      .filter(block => foreignPart(block) !== 'block')
      .map(block => foreignPart(block) === 'citations' ? { ...block, citations: null } : block)
    return content.length === 0 && message.content.length > 0 ? [] : [{ ...message, content }]
  })
  const stopped = withoutThinking({ ...request, messages }, foreignPart)
  return {
    url: urlOf(target.provider.url, '', client.search),
    headers: requestHeaders(client.headers, target.provider, request.stream === true),
    body: { ...request, model: target.model, messages, ...stopped },
    dropped: stopped === undefined ? [] : ['thinking']
  }
}
