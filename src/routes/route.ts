import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'
import { callerOf } from '../http/caller.ts'
import { validationMessage } from '../http/validation-message.ts'
import { messagesSchema } from '../ingress/anthropic/schema.ts'
import { CREDENTIAL_HEADER, shownUrl, withoutKey } from '../provider-error.ts'
import type { Headers, Target } from '../provider.ts'
import type { Routed } from '../routed.ts'
import type { MessagesRequest } from '../wire/anthropic.ts'
import { isJsonObject } from '../wire/json.ts'
import { laneStates } from './lane-states.ts'
import { byUrl } from './messages/inline-media.ts'
import { MESSAGES_WIRE } from './messages/messages-wire.ts'
import { relayOf } from './messages/relay-of.ts'
import { prepare } from './messages/send.ts'

/**
 * `POST /api/route`: where a request would go and why, without calling anyone. The body is a Messages request, or
 * `{ request, headers }` for one that is sent with other headers than these.
 */
export default async function route (app: FastifyInstance): Promise<void> {
  app.post('/api/route', { config: { access: 'inference' }, schema: { summary: 'Where a request would go, and why, without calling anyone', tags: ['gateway'] } }, async request => {
    const { body, headers } = givenRequest(request)
    const routed = await app.router.explain(body, { ...callerOf(request), headers }, '/v1/messages')
    const { traits: { headers: _, ...traits }, rules, route: { rule, reason, targets, overflow } } = routed
    return {
      traits,
      rules,
      rule,
      reason,
      targets: targets.map(target => ({ target: target.name, tokens: app.router.tokensFor(target, routed.traits), capabilities: { ...target.capabilities }, lanes: laneStates(target, app.lanes) })),
      overflow: overflow.map(({ name }) => name),
      ...upstreamRequest(body, headers, targets[0], routed)
    }
  })
}

/** @throws {ApiError} 400 for what is no Messages request */
function givenRequest (request: FastifyRequest): { body: MessagesRequest, headers: Headers } {
  const { body: given, headers } = request
  const wrapped = isJsonObject(given) && isJsonObject(given['request']) ? given : undefined
  const body = wrapped?.['request'] ?? given
  const validate = request.getValidationFunction(messagesSchema) ?? request.compileValidationSchema(messagesSchema)
  if (!validate(body)) throw invalidRequest(validationMessage((validate.errors ?? []) as Parameters<typeof validationMessage>[0]))
  return { body: body as MessagesRequest, headers: wrapped === undefined ? headers : headersOf(wrapped['headers']) }
}

function headersOf (given: unknown = {}): Headers {
  if (!isJsonObject(given) || !Object.values(given).every(value => typeof value === 'string')) throw invalidRequest('headers: Input should be an object of texts')
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)]))
}

/** The request as the first target would get it: what is changed, what is lost, and what is sent, but for secrets. */
function upstreamRequest (body: MessagesRequest, headers: Headers, target: Target, { traits, config }: Routed): object {
  const parsed = target.provider.pair.inlinesMedia === true ? withStandIns(body) : body
  const original = { head: { headers, search: '' }, wire: MESSAGES_WIRE, body: { parsed, raw: Buffer.from(JSON.stringify(parsed)) } }
  try {
    const { upstream, told } = prepare(original, target, relayOf(target), traits, config.systemPrompt)
    const sent = Buffer.isBuffer(upstream.body) ? upstream.body.toString() : JSON.stringify(upstream.body)
    return {
      adjusted: told,
      dropped: upstream.dropped,
      upstream: {
        url: shownUrl(upstream.url, target.provider),
        headers: Object.fromEntries(Object.entries(upstream.headers).map(([name, value]) => [name, CREDENTIAL_HEADER.test(name) ? '[key]' : withoutKey(value, target.provider)])),
        body: JSON.parse(withoutKey(sent, target.provider)) as unknown
      }
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { refused: error.toBody().error }
  }
}

/** Files that would be loaded are not: a note stands in the place of their bytes. */
function withStandIns (body: MessagesRequest): MessagesRequest {
  const copy = structuredClone(body)
  for (const block of copy.messages.flatMap(({ content }) => byUrl(content))) {
    if (block.source.type === 'url') block.source = { type: 'base64', media_type: block.type === 'image' ? 'image/png' : 'application/pdf', data: `[loaded from ${block.source.url}]` }
  }
  return copy
}
