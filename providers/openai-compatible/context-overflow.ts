import { isJsonObject } from '../../src/wire/json.ts'

/** How servers say that a conversation has outgrown the model. */
const OVERFLOW = /maximum context length|context[ _](length|window|size|limit)|prompt is too long|maximum prompt length|longer than the maximum model length|model token limit|input (is|length) .{0,200}(too long|exceeds)|too many (input )?tokens/i
const CODES = new Set(['context_length_exceeded', 'string_too_long'])

/** The words of Anthropic itself, which stand behind OpenRouter's Claude, with or without others around them. */
const KNOWN = /prompt is too long: \d{1,12} tokens > \d{1,12} maximum|input length and `max_tokens` exceed context limit: \d{1,12} \+ \d{1,12} > \d{1,12}(?:, decrease input length or `max_tokens` and try again)?/i
/** The same without numbers. */
const KNOWN_HEAD = /^(prompt is too long|input length and `max_tokens` exceed context limit)/i

/** `context length is only 8192`, `maximum model length of 8192`, `maximum prompt length is 8192`, `model token limit: 8192`, `8192 maximum context length` */
const LIMIT = /(?:context (?:length|window|size|limit)|maximum (?:model|prompt) length)(?: is| of)?(?: only)? (\d{1,12})|model token limit: (\d{1,12})|(\d{1,12}) maximum context length/i
/** `8000 in the messages`, `177 in the functions`, `7884 of text input`, `155 of tool input`, `769 input tokens` */
const INPUT = /\b(\d{1,12}) (?:tokens )?(?:in the (?:messages|functions)|of \w+ input|input tokens)/gi
/** `1000 in the completion`, `1000 in the output`, `1000 output tokens`, `'max_tokens' is too large: 1000` */
const OUTPUT = /\b(\d{1,12}) (?:tokens )?(?:in the (?:completion|output)|output tokens)|is too large: (\d{1,12})/i
/** `requested about 9000 tokens`, `resulted in 9000 tokens`, `contains 9000 tokens`, `The input (9000 tokens)`, `prompt (length 9000)`, `Prompt length of 9000`, `(requested: 9000)` */
const TOTAL = /(?:requested(?: about)?|resulted in|contains|input \() ?(\d{1,12}) tokens|prompt (?:\(length|length of) (\d{1,12})|\(requested: (\d{1,12})/i

/**
 * A context overflow in the words that Claude Code knows, so that it compacts the conversation, or asks for a shorter
 * answer where the prompt itself would fit.
 * @param status the upstream's; @param details its error object
 * @returns undefined for any other error
 */
export function overflowMessage (status: number, message: string, details: unknown): string | undefined {
  if (!isOverflow(status, message, details)) return undefined
  const known = KNOWN.exec(message)
  if (known !== null) return known[0]
  if (KNOWN_HEAD.test(message)) return message
  const text = message.replaceAll(/(\d),(\d{3})/g, '$1$2')
  const limit = first(LIMIT, text)
  const output = first(OUTPUT, text)
  const input = [...text.matchAll(INPUT)].reduce((sum, match) => sum + Number(match[1]), 0) || first(TOTAL, text)
  if (limit === undefined || input === undefined) return `prompt is too long: ${message}`
  // At the limit itself there is no room for an answer, whatever its length.
  if (input >= limit) return `prompt is too long: ${input} tokens > ${limit} maximum`
  if (output === undefined) return `prompt is too long: ${message}`
  return `input length and \`max_tokens\` exceed context limit: ${input} + ${output} > ${limit}, decrease input length or \`max_tokens\` and try again`
}

function isOverflow (status: number, message: string, details: unknown): boolean {
  if (isJsonObject(details)) {
    const metadata = isJsonObject(details['metadata']) ? details['metadata'] : {}
    if (CODES.has(String(details['code'])) || CODES.has(String(metadata['error_type']))) return true
  }
  // A 429 about "too many tokens" per minute is no overflow; a 500 or an error in mid-stream may well be one.
  return status !== 429 && status !== 401 && status !== 403 && OVERFLOW.test(message)
}

function first (pattern: RegExp, text: string): number | undefined {
  const digits = pattern.exec(text)?.slice(1).find(group => group !== undefined)
  return digits === undefined ? undefined : Number(digits)
}
