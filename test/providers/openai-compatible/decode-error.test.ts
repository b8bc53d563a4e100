import t from 'tap'
import type { ApiError } from '../../../src/errors.ts'
import type { ErrorType } from '../../../src/wire/anthropic.ts'
import { decode, pairNamed, targetOf } from '../../helper/pairs.ts'

type Headers = Record<string, string>

function decodeError (status: number, body: unknown, headers: Headers = {}): ApiError {
  return pairNamed('openai').decodeError(status, headers, typeof body === 'string' ? body : JSON.stringify(body), targetOf('openai'))
}

const message = (text: string, rest: object = {}): object => ({ error: { message: text, type: 'invalid_request_error', param: null, code: null, ...rest } })

t.test('each status', async t => {
  const cases: [number, number, ErrorType][] = [
    [400, 400, 'invalid_request_error'],
    [401, 401, 'authentication_error'],
    [402, 402, 'billing_error'],
    [403, 403, 'permission_error'],
    [404, 404, 'not_found_error'],
    [408, 504, 'timeout_error'],
    [412, 400, 'invalid_request_error'],
    [413, 413, 'request_too_large'],
    [422, 400, 'invalid_request_error'],
    [429, 429, 'rate_limit_error'],
    [500, 500, 'api_error'],
    [502, 502, 'api_error'],
    [503, 529, 'overloaded_error'],
    [504, 504, 'timeout_error'],
    [529, 529, 'overloaded_error']
  ]
  for (const [status, expected, type] of cases) {
    const error = decodeError(status, message('went wrong'))
    t.match(error, { name: 'ApiError', status: expected, type, message: /went wrong/ }, String(status))
    t.match(error.message, /scripted/, 'the message names the provider')
    const retried = [408, 409, 429].includes(expected) || expected >= 500
    t.equal(error.retryable, retried)
  }
})

t.test('a status that no client knows becomes one that it does', async t => {
  for (const status of [301, 302, 307, 520, 524, 530, 599]) {
    const error = decodeError(status, message('went wrong'))
    t.ok([500, 502].includes(error.status), `${status} became ${error.status}`)
    t.equal(error.type, 'api_error')
  }
})

t.test('a key that the provider rejects is the gateway\'s, and the message says whose', async t => {
  const error = decodeError(401, message('Incorrect API key provided: sk-abc'))
  t.match(error.message, /^scripted rejected the gateway's API key: /)
  t.equal(error.retryable, false, 'or Claude Code would try for three minutes')
})

t.test('the words, from every form of body', async t => {
  const cases: [string, unknown, RegExp][] = [
    ['OpenAI', message('Unknown parameter: x'), /^scripted: Unknown parameter: x$/],
    ['vLLM', { error: { message: 'bad input', type: 'BadRequestError', param: null, code: 400 } }, /bad input/],
    ['older vLLM', { object: 'error', message: 'bad input', type: 'BadRequestError', param: null, code: 400 }, /bad input/],
    ['vLLM, a text', { error: 'Unauthorized' }, /Unauthorized/],
    ['FastAPI', { detail: 'Not Found' }, /Not Found/],
    ['an array', [{ error: { code: 400, message: 'API key not valid', status: 'INVALID_ARGUMENT' } }], /API key not valid/],
    ['OpenRouter, with the vendor\'s text', { error: { code: 429, message: 'Provider returned error', metadata: { provider_name: 'Google', raw: 'gemini is temporarily rate-limited upstream' } }, user_id: 'u' }, /^scripted: gemini is temporarily rate-limited upstream$/],
    ['OpenRouter, with the vendor\'s JSON', { error: { code: 400, message: 'Provider returned error', metadata: { raw: JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: 'thinking is not supported' } }) } } }, /^scripted: thinking is not supported$/],
    ['OpenRouter, both', { error: { code: 400, message: 'No luck', metadata: { raw: 'vendor says no' } } }, /No luck.*vendor says no/],
    ['OpenRouter, without raw', { error: { code: 503, message: 'No provider', metadata: { error_type: 'provider_unavailable' } } }, /No provider/],
    ['a plain text', 'upstream connect error', /upstream connect error/]
  ]
  for (const [name, body, expected] of cases) t.match(decodeError(400, body).message, expected, name)
})

t.test('a page, nothing, or broken JSON: the status speaks, not the markup', async t => {
  for (const body of ['<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>', '\n  <html></html>', '', '   ', '{"error":{"message":"half', '{}', '{"error":null}']) {
    const error = decodeError(502, body)
    t.match(error, { status: 502, type: 'api_error', message: /502/ }, body.slice(0, 30))
    t.notMatch(error.message, /<|\{|html/i)
  }
})

t.test('a message of megabytes is cut', async t => {
  t.ok(decodeError(500, message('x'.repeat(1_000_000))).message.length < 5000)
  t.ok(decodeError(500, 'x'.repeat(1_000_000)).message.length < 5000)
})

t.test('when to try again, in whole seconds', async t => {
  const cases: [string, Headers, object, number | undefined][] = [
    ['seconds', { 'retry-after': '7' }, {}, 7],
    ['fractions', { 'retry-after': '0.2' }, {}, 1],
    ['milliseconds', { 'retry-after-ms': '1500' }, {}, 2],
    ['milliseconds are more exact', { 'retry-after-ms': '1500', 'retry-after': '9' }, {}, 2],
    ['a date that has passed', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, {}, 0],
    ['nothing', {}, {}, undefined],
    ['nonsense', { 'retry-after': 'soon' }, {}, undefined],
    ['OpenRouter\'s availability', {}, { availability: { code: 'x', retryable: true, retry_after: 12.5 } }, 13],
    ['the header is nearer', { 'retry-after': '3' }, { availability: { retry_after: 12 } }, 3]
  ]
  for (const [name, headers, rest, expected] of cases) t.equal(decodeError(429, message('slow', rest), headers).retryAfter, expected, name)
  const soon = decodeError(429, message('slow'), { 'retry-after': new Date(Date.now() + 30_000).toUTCString() }).retryAfter ?? 0
  t.ok(Number.isInteger(soon) && soon > 0 && soon <= 30, 'a date')
})

/** What servers say when a conversation has outgrown the model, and what Claude Code understands. */
const overflows: [string, number, object, string | RegExp][] = [
  ['OpenAI, messages', 400, message('This model\'s maximum context length is 8192 tokens. However, your messages resulted in 8500 tokens. Please reduce the length of the messages.', { code: 'context_length_exceeded', param: 'messages' }),
    'prompt is too long: 8500 tokens > 8192 maximum'],
  ['OpenAI, the answer', 400, message('This model\'s maximum context length is 8192 tokens. However, you requested 9192 tokens (1192 in the messages, 8000 in the completion). Please reduce the length of the messages or completion.', { code: 'context_length_exceeded' }),
    'input length and `max_tokens` exceed context limit: 1192 + 8000 > 8192'],
  ['OpenAI, with functions', 400, message('This model\'s maximum context length is 16385 tokens. However, your messages resulted in 18000 tokens (17000 in the messages, 1000 in the functions). Please reduce the length of the messages or functions.', { code: 'context_length_exceeded' }),
    'prompt is too long: 18000 tokens > 16385 maximum'],
  ['OpenAI, with functions and answer', 400, message('This model\'s maximum context length is 16385 tokens. However, you requested 17177 tokens (4000 in the messages, 177 in the functions, and 13000 in the completion). Please reduce the length of the messages, functions, or completion.', { code: 'context_length_exceeded' }),
    'input length and `max_tokens` exceed context limit: 4177 + 13000 > 16385'],
  ['OpenAI, newer', 400, message('Your input exceeds the context window of this model. Please adjust your input and try again.', { code: 'context_length_exceeded' }),
    /^prompt is too long\b/],
  ['vLLM, older', 400, message('This model\'s maximum context length is 4096 tokens. However, you requested 5096 tokens (1096 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.', { type: 'BadRequestError', code: 400 }),
    'input length and `max_tokens` exceed context limit: 1096 + 4000 > 4096'],
  ['vLLM, the prompt', 400, message('This model\'s maximum context length is 32768 tokens. However, you requested 0 output tokens and your prompt contains at least 32769 input tokens, for a total of at least 32769 tokens. Please reduce the length of the input prompt or the number of requested output tokens. (parameter=input_tokens, value=32769)', { type: 'BadRequestError', code: 400 }),
    'prompt is too long: 32769 tokens > 32768 maximum'],
  ['vLLM, the answer', 400, message('This model\'s maximum context length is 32768 tokens. However, you requested 32000 output tokens and your prompt contains at least 769 input tokens, for a total of at least 32769 tokens. Please reduce the length of the input prompt or the number of requested output tokens. (parameter=input_tokens, value=769)', { type: 'BadRequestError', code: 400 }),
    'input length and `max_tokens` exceed context limit: 769 + 32000 > 32768'],
  ['vLLM, max_tokens', 400, message('\'max_tokens\' or \'max_completion_tokens\' is too large: 16384. This model\'s maximum context length is 65536 tokens and your request has 52189 input tokens (16384 > 65536 - 52189). (parameter=max_tokens, value=16384)', { type: 'BadRequestError', code: 400 }),
    'input length and `max_tokens` exceed context limit: 52189 + 16384 > 65536'],
  ['OpenRouter, the prompt', 400, { error: { message: 'This endpoint\'s maximum context length is 16384 tokens. However, you requested about 94307 tokens (94307 of text input). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.', code: 400, metadata: { provider_name: null } } },
    'prompt is too long: 94307 tokens > 16384 maximum'],
  ['OpenRouter, the prompt with tools', 400, { error: { message: 'This endpoint\'s maximum context length is 128000 tokens. However, you requested about 132888 tokens (132733 of text input, 155 of tool input). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.', code: 400 } },
    'prompt is too long: 132888 tokens > 128000 maximum'],
  ['OpenRouter, the answer', 400, { error: { message: 'This endpoint\'s maximum context length is 131072 tokens. However, you requested about 138956 tokens (7884 of text input, 131072 in the output). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.', code: 400, metadata: { provider_name: 'Chutes' } } },
    'input length and `max_tokens` exceed context limit: 7884 + 131072 > 131072'],
  ['OpenRouter, the answer with tools', 400, { error: { message: 'This endpoint\'s maximum context length is 204800 tokens. However, you requested about 205432 tokens (81684 of text input, 3748 of tool input, 120000 in the output). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.', code: 400 } },
    'input length and `max_tokens` exceed context limit: 85432 + 120000 > 204800'],
  ['OpenRouter, by its type', 400, { error: { message: 'Too much.', code: 400, metadata: { error_type: 'context_length_exceeded' } } },
    /^prompt is too long\b/],
  ['OpenRouter, vLLM behind it', 400, { error: { message: 'Provider returned error', code: 400, metadata: { raw: JSON.stringify(message('This model\'s maximum context length is 32768 tokens. However, you requested 8192 output tokens and your prompt contains at least 24577 input tokens, for a total of at least 32769 tokens.')) } } },
    'input length and `max_tokens` exceed context limit: 24577 + 8192 > 32768'],
  ['OpenRouter, Claude behind it', 400, { error: { message: 'Provider returned error', code: 400, metadata: { provider_name: 'Anthropic', raw: JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long: 209000 tokens > 200000 maximum' } }) } } },
    'prompt is too long: 209000 tokens > 200000 maximum'],
  ['OpenRouter, Claude behind it, the answer', 400, { error: { message: 'Provider returned error', code: 400, metadata: { provider_name: 'Anthropic', raw: JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message: 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again' } }) } } },
    'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000'],
  ['vLLM, the answer, newer', 400, message('You passed 1000 input tokens and requested 64000 output tokens. However, the model\'s context length is only 40960 tokens, resulting in a maximum input length of 0 tokens.', { type: 'BadRequestError', code: 400 }),
    'input length and `max_tokens` exceed context limit: 1000 + 64000 > 40960'],
  ['vLLM, the engine', 400, message('The decoder prompt (length 50000) is longer than the maximum model length of 32768. Make sure that `max_model_len` is no smaller than the number of text tokens.'),
    'prompt is too long: 50000 tokens > 32768 maximum'],
  ['vLLM, just at the limit', 400, message('Prompt length of 2048 is longer than the maximum model length of 2048.'),
    'prompt is too long: 2048 tokens > 2048 maximum'],
  ['xAI', 400, message('This model\'s maximum prompt length is 131072 but the request contains 136973 tokens.'),
    'prompt is too long: 136973 tokens > 131072 maximum'],
  ['Moonshot', 400, message('Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)'),
    'prompt is too long: 269030 tokens > 262144 maximum'],
  ['Mistral', 400, message('Prompt contains 65673 tokens and 0 draft tokens, too large for model with 32768 maximum context length'),
    'prompt is too long: 65673 tokens > 32768 maximum'],
  ['Claude\'s words behind others', 400, message('Upstream failed: input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again (request abc)'),
    /^input length and `max_tokens` exceed context limit: 190000 \+ 20000 > 200000, decrease input length or `max_tokens` and try again$/],
  ['Claude\'s words in the middle of a vendor\'s', 400, { error: { message: 'Vendor error', code: 400, metadata: { raw: 'status 400 {"message":"prompt is too long: 209000 tokens > 200000 maximum"' } } },
    /^prompt is too long: 209000 tokens > 200000 maximum$/],
  ['a server that says 500', 500, message('The input (9000 tokens) exceeds the context window of 8192 tokens'), /^prompt is too long\b/],
  ['413', 413, message('Prompt is too long'), /^prompt is too long\b/i]
]

t.test('a conversation that has outgrown the model, in the words that Claude Code knows', async t => {
  for (const [name, status, body, expected] of overflows) {
    const error = decodeError(status, body)
    const begins = typeof expected === 'string' ? new RegExp(`^${expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\d)`) : expected
    t.match(error.message, begins, name)
    t.match(error, { type: 'invalid_request_error', status: 400, retryable: false })
  }
})

t.test('the same inside a 200', async t => {
  for (const [name, , body, expected] of overflows.filter(([name]) => /^(OpenAI, (messages|the answer|with functions)|vLLM, the engine)$/.test(name))) {
    const { reply, error } = decode([body])
    t.ok(reply.error?.message.startsWith(String(expected)), name)
    t.match(error, { type: 'invalid_request_error', status: 400 })
  }
})

t.test('OpenRouter\'s types of errors, where no status comes with them', async t => {
  const faults = ['max_tokens_exceeded', 'token_limit_exceeded', 'invalid_request', 'invalid_prompt', 'precondition_failed', 'unprocessable', 'content_policy_violation', 'refusal',
    'invalid_image', 'image_too_large', 'image_too_small', 'unsupported_image_format', 'image_not_found', 'image_download_failed', 'string_too_long', 'context_length_exceeded']
  for (const type of faults) {
    for (const error of [{ message: 'no', metadata: { error_type: type } }, { message: 'no', error_type: type }]) {
      t.match(decode([{ error, choices: [] }], { pair: 'openrouter' }).error, { type: 'invalid_request_error', status: 400, retryable: false }, type)
    }
  }
  const others: [string, number][] = [['authentication', 401], ['payment_required', 402], ['permission_denied', 403], ['not_found', 404], ['payload_too_large', 413], ['rate_limit_exceeded', 429],
    ['server', 500], ['provider_unavailable', 502], ['provider_overloaded', 529], ['timeout', 504], ['unmapped', 502]]
  for (const [type, status] of others) t.equal(decode([{ error: { message: 'no', metadata: { error_type: type } }, choices: [] }], { pair: 'openrouter' }).error?.status, status, type)
})

t.test('what only sounds like it stays what it is', async t => {
  const cases: [number, string, ErrorType][] = [
    [429, 'Rate limit reached: too many tokens per minute. Limit 30000, requested 40000.', 'rate_limit_error'],
    [401, 'This key may not use the context window of 1M tokens.', 'authentication_error'],
    [400, 'max_tokens is too large: 100000. This model supports at most 16384 completion tokens', 'invalid_request_error']
  ]
  for (const [status, text, type] of cases) {
    const error = decodeError(status, message(text))
    t.match(error, { type, status })
    t.notMatch(error.message, /prompt is too long|input length and/, text)
  }
})
