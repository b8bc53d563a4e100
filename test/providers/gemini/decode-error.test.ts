import t from 'tap'
import type { ApiError } from '../../../src/errors.ts'
import { pairNamed, targetOf } from '../../helper/pairs.ts'

function failure (status: number, body: unknown, headers: Record<string, string> = {}): ApiError {
  return pairNamed('gemini').decodeError(status, headers, typeof body === 'string' ? body : JSON.stringify(body), targetOf('gemini'))
}

function error (code: number, name: string, message: string, details: object[] = []): object {
  return { error: { code, message, status: name, details } }
}

t.test('what Google says, as Claude Code understands it', async t => {
  const cases: [string, number, unknown, object][] = [
    ['a bad request', 400, error(400, 'INVALID_ARGUMENT', 'Unknown name "x".'), { status: 400, type: 'invalid_request_error', message: 'scripted: Unknown name "x".', retryable: false }],
    ['a failed condition', 400, error(400, 'FAILED_PRECONDITION', 'Not in your country.'), { status: 400, type: 'invalid_request_error' }],
    ['a wrong key', 400, error(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'), { status: 401, type: 'authentication_error', message: /^scripted rejected the gateway's API key: API key not valid/, retryable: false }],
    ['a wrong key, by its reason', 400, error(400, 'INVALID_ARGUMENT', 'Bad.', [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }]), { status: 401 }],
    ['no key', 401, error(401, 'UNAUTHENTICATED', 'No.'), { status: 401, type: 'authentication_error' }],
    ['a key for other things', 403, error(403, 'PERMISSION_DENIED', 'No.'), { status: 403, type: 'permission_error' }],
    ['no such model', 404, error(404, 'NOT_FOUND', 'models/x is not found.'), { status: 404, type: 'not_found_error' }],
    ['cancelled by Google', 499, error(499, 'CANCELLED', 'The operation was cancelled.'), { status: 502, type: 'api_error', retryable: true }],
    ['its own fault', 500, error(500, 'INTERNAL', 'Oh.'), { status: 500, type: 'api_error' }],
    ['too much to do', 503, error(503, 'UNAVAILABLE', 'The model is overloaded.'), { status: 529, type: 'overloaded_error' }],
    ['too late', 504, error(504, 'DEADLINE_EXCEEDED', 'Late.'), { status: 504, type: 'timeout_error' }],
    ['an array of one', 429, [error(429, 'RESOURCE_EXHAUSTED', 'Slow down.')], { status: 429, type: 'rate_limit_error', message: 'scripted: Slow down.' }],
    ['an overflow', 400, error(400, 'INVALID_ARGUMENT', 'The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).'), { status: 400, message: 'prompt is too long: 1048577 tokens > 1048576 maximum' }],
    ['the same, bare', 400, error(400, 'INVALID_ARGUMENT', 'The input token count 1200000 exceeds the maximum number of tokens allowed 1048576.'), { message: 'prompt is too long: 1200000 tokens > 1048576 maximum' }],
    ['the same, without a number', 400, error(400, 'INVALID_ARGUMENT', 'The input token count exceeds the maximum number of tokens allowed 1048576.'), { message: /^prompt is too long: The input/ }],
    ['text', 502, 'Bad gateway', { status: 502, message: 'scripted: Bad gateway' }],
    ['a page', 502, '<html>', { status: 502, message: 'scripted: status 502 without a message' }],
    ['half of it', 400, '{"error":{"mess', { message: 'scripted: status 400 without a message' }],
    ['a string', 400, { error: 'Odd.' }, { message: 'scripted: Odd.' }],
    ['nothing', 500, '', { status: 500 }],
    ['the key itself', 403, error(403, 'PERMISSION_DENIED', 'The key upstream-secret is suspended.'), { message: 'scripted: The key [key] is suspended.' }]
  ]
  for (const [what, status, body, expected] of cases) t.match(failure(status, body), expected, what)
})

t.test('when to come again', async t => {
  const info = (retryDelay: unknown): object => error(429, 'RESOURCE_EXHAUSTED', 'Slow down.', [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure' }, { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }])
  const cases: [unknown, number | undefined][] = [['34.4s', 35], ['34s', 34], ['0s', 0], ['3600s', 3600], ['soon', undefined], ['', undefined], [5, undefined]]
  for (const [delay, seconds] of cases) t.equal(failure(429, info(delay)).retryAfter, seconds, JSON.stringify(delay))
  t.equal(failure(429, info('34.4s'), { 'retry-after': '7' }).retryAfter, 7, 'a header is nearer')
})
