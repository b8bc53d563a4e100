import type { TokenCounter } from '../../src/provider.ts'
import type { GeminiRequest } from '../../src/wire/gemini.ts'
import { isJsonObject, parseJson } from '../../src/wire/json.ts'

/** `/v1beta/models/gemini-3-pro:streamGenerateContent`: what stands before the collection, the model's resource, and the method. */
const PATH = /^(.*)\/([^/]+\/[^/]+):[^:/]+$/

/** `models.countTokens` (https://ai.google.dev/api/tokens): of a whole request, or instructions and tools would not count. */
export const counter: TokenCounter = {
  request ({ url, headers, body }) {
    const count = new URL(url)
    count.pathname = url.pathname.replace(PATH, '$1/$2:countTokens')
    count.searchParams.delete('alt')
    const { contents, systemInstruction, tools } = body as GeminiRequest
    const model = decodeURIComponent(PATH.exec(url.pathname)?.[2] ?? '')
    const generateContentRequest = { model, contents, ...(systemInstruction !== undefined && { systemInstruction }), ...(tools !== undefined && { tools }) }
    return { url: count, headers: { ...headers, accept: 'application/json' }, body: { generateContentRequest }, dropped: [] }
  },

  read (body) {
    const answer = parseJson(body)
    return isJsonObject(answer) && typeof answer['totalTokens'] === 'number' ? answer['totalTokens'] : null
  }
}
