import { isJsonObject } from '../../src/wire/json.ts'

/** How servers say that a conversation has outgrown the model. */
const OVERFLOW = /maximum context length|context[ _](length|window|size|limit)|prompt is too long|input (is|length) .*(too long|exceeds)|too many (input )?tokens/i
const CODES = new Set(['context_length_exceeded', 'string_too_long'])

/** `maximum context length is 8192 tokens` */
const LIMIT = /(?:maximum context length(?: is| of)?|context (?:length|window|size|limit)(?: is| of)?|limit(?: is| of)?|maximum(?: is| of)?)\D{0,20}(\d[\d,]*)/i
/** `you requested about 9000 tokens`, `your messages resulted in 9000 tokens` */
const REQUESTED = /(?:requested(?: about)?|resulted in|prompt (?:contains|has)|has|input (?:tokens?|length)\D{0,10})\s*(\d[\d,]*)/i
/** `(8000 in the messages, 1000 in the completion)`; OpenRouter: `(8000 of text input, 1000 in the output)` */
const SPLIT = /(\d[\d,]*)\s*(?:tokens\s*)?(?:in the messages|of text input|of input|in your prompt|from the input messages)[^.]*?(\d[\d,]*)\s*(?:tokens\s*)?(?:in the completion|in the output|for the completion|output)/i

/**
 * A context overflow in the words that Claude Code knows, so that it compacts the conversation, or asks for a shorter
 * answer where the prompt itself would fit.
 * @returns undefined for any other error
 */
export function overflowMessage (status: number, message: string, details: unknown): string | undefined {
  if (!isOverflow(status, message, details)) return undefined
  const limit = numberIn(LIMIT, message)
  const split = SPLIT.exec(message)
  const input = split === null ? undefined : toNumber(split[1])
  const output = split === null ? undefined : toNumber(split[2])
  if (limit !== undefined && input !== undefined && output !== undefined && input < limit) {
    return `input length and \`max_tokens\` exceed context limit: ${input} + ${output} > ${limit}, decrease input length or \`max_tokens\` and try again`
  }
  const requested = input ?? numberIn(REQUESTED, message)
  if (limit === undefined || requested === undefined || requested <= limit) return `prompt is too long: ${message}`
  return `prompt is too long: ${requested} tokens > ${limit} maximum`
}

function isOverflow (status: number, message: string, details: unknown): boolean {
  if (isJsonObject(details)) {
    const metadata = isJsonObject(details['metadata']) ? details['metadata'] : {}
    if (CODES.has(String(details['code'])) || CODES.has(String(metadata['error_type']))) return true
  }
  // A 429 about "too many tokens" per minute is no overflow; a 500 or an error in mid-stream may well be one.
  return status !== 429 && status !== 401 && status !== 403 && OVERFLOW.test(message)
}

function numberIn (pattern: RegExp, text: string): number | undefined {
  return toNumber(pattern.exec(text)?.[1])
}

function toNumber (digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits.replaceAll(',', ''))
}
