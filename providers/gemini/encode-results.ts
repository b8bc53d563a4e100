import { originalToolId } from '../../src/message/ids.ts'
import { type UserTurn, blocksOf } from '../../src/message/turns.ts'
import type { ToolResultBlock } from '../../src/wire/anthropic.ts'
import type { GeminiBlob, GeminiFunctionResponse, GeminiPart } from '../../src/wire/gemini.ts'
import { encodeParts } from './encode-parts.ts'
import type { ModelTraits } from './model.ts'
import { functionName } from './tool-name.ts'

/** Media that a function response may hold (https://ai.google.dev/api/caching#FunctionResponsePart). */
const IN_RESPONSE = new Set(['image/png', 'image/jpeg', 'image/webp', 'application/pdf', 'text/plain'])

/**
 * What the user's side says: all results of the model's calls first, in the order of the calls, then media of theirs that a
 * result cannot hold, then what else the user said.
 * @param names tools by the ids of their calls
 */
export function encodeUser ({ results, blocks }: UserTurn, names: ReadonlyMap<string, string>, traits: ModelTraits): GeminiPart[] {
  const responses: GeminiPart[] = []
  const beside: GeminiPart[] = []
  for (const result of results) {
    const id = originalToolId(result.tool_use_id)
    const { text, media } = contentOf(result)
    const inside = media.filter(blob => fits(blob, traits))
    const outside = media.filter(blob => !fits(blob, traits))
    const functionResponse: GeminiFunctionResponse = { id, name: functionName(names.get(result.tool_use_id) ?? ''), response: answer(result, text, media.length) }
    if (inside.length > 0) functionResponse.parts = inside.map(inlineData => ({ inlineData }))
    responses.push({ functionResponse })
    if (outside.length > 0) beside.push({ text: `Attached to the result of the function call ${id}:` }, ...outside.map(inlineData => ({ inlineData })))
  }
  return [...responses, ...beside, ...encodeParts(blocks)]
}

/** Before Gemini 3 a result holds no media, and since then only some. */
function fits ({ mimeType }: GeminiBlob, { generation }: ModelTraits): boolean {
  return generation >= 3 && IN_RESPONSE.has(mimeType)
}

function contentOf (result: ToolResultBlock): { text: string, media: GeminiBlob[] } {
  const parts = encodeParts(blocksOf(result))
  return {
    text: parts.flatMap(part => 'text' in part ? part.text : []).join('\n'),
    media: parts.flatMap(part => 'inlineData' in part ? part.inlineData : [])
  }
}

/** `output` and `error` are the keys that Gemini knows (https://ai.google.dev/api/caching#FunctionResponse). */
function answer ({ is_error: isError }: ToolResultBlock, text: string, media: number): GeminiFunctionResponse['response'] {
  if (isError === true) return { error: text === '' ? 'The tool failed without a message.' : text }
  return { output: text === '' && media > 0 ? 'See the attachment.' : text }
}
