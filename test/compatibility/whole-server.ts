import { chunk, frame } from '../helper/kinds/chat.ts'
import type { Kind } from '../helper/kinds/kind.ts'

/** The head of a chunk, without which `openai` takes no notice of its counts. */
const HEAD = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"whatever/served",'

/**
 * A kind of provider as clients of OpenAI's API need it where its bytes pass to them. The kinds' servers are meant for the gateway
 * as their reader, and as terse as it can bear: real ones name the role first, and send a whole chunk around the counts.
 */
export function wholeServer (kind: Kind): Kind {
  if (kind.name === 'gemini' || kind.name === 'anthropic') return kind
  return {
    ...kind,
    // OpenRouter takes OpenAI's own field as well; the tests of what the gateway makes itself want its own.
    judge: request => kind.judge(request).filter(problem => problem !== 'unknown field reasoning_effort'),
    frames: (pieces, finish, request) => {
      const frames = kind.frames(pieces, finish, request).map(text => text.replaceAll('data: {"choices":[],', `data: ${HEAD}"choices":[],`))
      return frames.some(text => text.includes('"role":"assistant"')) ? frames : [frame(chunk({ role: 'assistant', content: '' })), ...frames]
    }
  }
}
