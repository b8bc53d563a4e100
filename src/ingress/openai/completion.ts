import type { Message, TextBlock, ThinkingBlock, ToolUseBlock } from '../../wire/anthropic.ts'
import { type UrlCitation, annotationOf } from './annotation.ts'
import { finishReasonOf } from './finish-reason.ts'
import { chatUsage } from './usage.ts'

/**
 * A whole message as a chat completion.
 * @param filtered whether a filter of the provider's stopped it; @param created seconds since 1970
 */
export function chatCompletion (message: Message, filtered: boolean, id: string, created: number): object {
  const { content, model, stop_reason: reason, stop_details: details, usage } = message
  const texts = content.filter((block): block is TextBlock => block.type === 'text')
  const thinking = content.filter((block): block is ThinkingBlock => block.type === 'thinking').map(block => block.thinking).join('')
  const calls = content.filter((block): block is ToolUseBlock => block.type === 'tool_use')
  const annotations = annotationsOf(texts)
  const refusal = filtered ? null : details?.explanation ?? null
  // Its words stand in the text as well, where that is what the model wrote.
  const said = withoutEnd(texts.map(({ text }) => text).join(''), refusal ?? '')
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{
      index: 0,
      message: {
        role: 'assistant',
        content: said === '' && (calls.length > 0 || refusal !== null) ? null : said,
        refusal,
        ...(thinking !== '' && { reasoning_content: thinking }),
        ...(annotations.length > 0 && { annotations }),
        ...(calls.length > 0 && { tool_calls: calls.map(toolCall) })
      },
      logprobs: null,
      finish_reason: finishReasonOf(reason, refusal !== null && said === '')
    }],
    usage: chatUsage(usage)
  }
}

function withoutEnd (text: string, end: string): string {
  return text.endsWith(end) ? text.slice(0, text.length - end.length) : text
}

function toolCall ({ id, name, input }: ToolUseBlock): object {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(input) } }
}

/** The sources of each text, by where that stands in all of them. */
function annotationsOf (texts: readonly TextBlock[]): UrlCitation[] {
  let start = 0
  return texts.flatMap(({ text, citations }) => {
    const begin = start
    start += text.length
    return (citations ?? []).flatMap(citation => typeof citation === 'object' && citation !== null && !Array.isArray(citation) ? annotationOf(citation, begin, start) ?? [] : [])
  })
}
