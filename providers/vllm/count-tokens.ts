import type { TokenCounter } from '../../src/provider.ts'
import { isJsonObject, parseJson } from '../../src/wire/json.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'

/** What of a chat request the prompt is made of. */
const COUNTED = ['model', 'messages', 'tools', 'add_generation_prompt', 'continue_final_message', 'chat_template_kwargs'] as const

/** The answer lists the tokens behind their count, which can be a megabyte of numbers. */
const COUNT_FIRST = /^\s*\{\s*"count"\s*:\s*(\d+)\s*[,}]/

/**
 * `POST /tokenize`, which stands beside `/v1` and applies the chat template as an answer would
 * (https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html#tokenizer-api).
 */
export const counter: TokenCounter = {
  request ({ url, headers, body }) {
    const tokenize = new URL(url)
    tokenize.pathname = url.pathname.replace(/(?:\/v\d+)?\/chat\/completions\/?$|\/[^/]*$/, '/tokenize')
    const chat = body as ChatRequest
    return { url: tokenize, headers: { ...headers, accept: 'application/json' }, body: Object.fromEntries(COUNTED.flatMap(name => chat[name] === undefined ? [] : [[name, chat[name]]])), dropped: [] }
  },

  read (body) {
    const first = COUNT_FIRST.exec(body)?.[1]
    if (first !== undefined) return Number(first)
    const answer = parseJson(body)
    return isJsonObject(answer) && typeof answer['count'] === 'number' ? answer['count'] : null
  }
}
