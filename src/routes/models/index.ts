import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../../errors.ts'
import { callerOf } from '../../http/caller.ts'
import { PREFIXES } from '../messages/paths.ts'
import { anthropicList, anthropicModel } from './anthropic-form.ts'
import { type Catalogue, catalogueOf, withAliases } from './catalogue.ts'
import { openaiList, openaiModel } from './openai-form.ts'
import { type PageQuery, pageOf } from './page.ts'
import { print } from './printed.ts'

/** The most names that an error lists. */
const LISTED = 50

/**
 * `GET /v1/models` and `/v1/models/:id`: what a key may ask for, in Anthropic's form to its clients and in OpenAI's to all others.
 * It is answered from memory and never by a redirect: Claude Code gives its discovery three seconds, and follows none.
 */
export default async function models (app: FastifyInstance): Promise<void> {
  const config = { access: 'inference', wire: 'either' } as const
  const read = (request: FastifyRequest): Catalogue => catalogueOf(app.config.current, app.router.of(callerOf(request)), request.identity)

  const list = async (request: FastifyRequest, reply: FastifyReply): Promise<string> => {
    const catalogue = read(request)
    reply.type('application/json')
    if (!isAnthropic(request)) return print(catalogue, 'all', () => openaiList(catalogue.models))
    const query = request.query as PageQuery
    return print(catalogue, JSON.stringify(query), () => anthropicList(pageOf(withAliases(catalogue), query)))
  }
  // Ids hold slashes and commas, encoded or not.
  const one = async (request: FastifyRequest, reply: FastifyReply): Promise<object | string> => {
    const { '*': id } = request.params as { '*': string }
    if (id === '') return list(request, reply)
    const catalogue = read(request)
    const model = catalogue.find(id)
    if (model === undefined) throw unknownModel(id, catalogue)
    return isAnthropic(request) ? anthropicModel(model) : openaiModel(model)
  }
  for (const prefix of PREFIXES) {
    const hidden = { hide: prefix !== '' }
    app.get(`${prefix}/v1/models`, { config, schema: { ...hidden, summary: 'The models that a key may use', tags: ['models'] } }, list)
    app.get(`${prefix}/v1/models/*`, { config, schema: { ...hidden, summary: 'One of them', tags: ['models'] } }, one)
  }
}

/** Every client of Anthropic's API names its version. */
function isAnthropic ({ headers }: FastifyRequest): boolean {
  return headers['anthropic-version'] !== undefined
}

function unknownModel (id: string, { models }: Catalogue): ApiError {
  const names = models.slice(0, LISTED).map(({ id }) => id).join(', ') + (models.length > LISTED ? ` and ${models.length - LISTED} more` : '')
  return new ApiError('not_found_error', `model: there is no model ${id.slice(0, 200)} that this key may use. There is ${names || 'none'}`)
}
