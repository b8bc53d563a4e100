import { ThinkTagSplitter } from '../../src/message/think-tags.ts'
import type { AdapterFactory, ChunkAdapter } from '../../src/provider.ts'
import { type JsonObject, objectsOf, textOf } from '../../src/wire/json.ts'
import { addText, instruct, saidIn } from './chat-body.ts'

const TAG = 'reasoning_content'

const PROMPT = `Before you answer or call a tool, think it through step by step, however simple it seems. Begin your reply with your thoughts between these tags, and write what the user is to see behind them:
<${TAG}>
(your thoughts)
</${TAG}>`

/** `forcereasoning`: makes a model think that cannot by itself. */
export const forcereasoning: AdapterFactory = {
  name: 'forcereasoning',
  description: 'Has a model without thinking of its own think in words first; these become thinking blocks.',
  wires: ['openai'],
  options: {},
  create: () => ({
    name: 'forcereasoning',
    carries: ['thinking'],
    request (body, _target, { thinking }) {
      putBack(body)
      // An answer that must be JSON has no room for thoughts.
      if (thinking?.type !== 'disabled' && body['response_format'] === undefined) instruct(body, PROMPT)
    },
    reply: readTags
  })
}

/** What the model thought on earlier turns stands where it wrote it: in its own words, since the server knows no field for it. */
function putBack (body: JsonObject): void {
  for (const message of objectsOf(body['messages'])) {
    if (message['role'] !== 'assistant') continue
    const thought = textOf(message['reasoning_content']) || textOf(message['reasoning'])
    delete message['reasoning_content']
    delete message['reasoning']
    if (thought === '') continue
    const tagged = `<${TAG}>\n${thought}\n</${TAG}>\n`
    const { content } = message
    message['content'] = Array.isArray(content) ? [{ type: 'text', text: tagged }, ...content] : tagged + textOf(content)
  }
}

function readTags (): ChunkAdapter {
  let thought = ''
  let text = ''
  const splitter = new ThinkTagSplitter('head', {
    thinking (delta) { thought += delta },
    text (delta) { text += delta }
  }, TAG)
  return chunk => {
    const said = splitter.done ? undefined : saidIn(chunk)
    if (said === undefined) return
    const { delta, last } = said
    if (typeof delta['content'] === 'string') {
      if (delta['content'] !== '') splitter.push(delta['content'])
      delta['content'] = ''
    }
    if (last || delta['tool_calls']) splitter.end()
    if (thought !== '') delta['reasoning_content'] = textOf(delta['reasoning_content']) + thought
    addText(delta, text)
    thought = text = ''
  }
}
