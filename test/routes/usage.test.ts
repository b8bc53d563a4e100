import t from 'tap'
import { startApp } from '../helper/app.ts'
import { ask } from '../helper/ask.ts'
import { answer, startUpstream } from '../helper/upstream.ts'

const ADMIN = { 'x-api-key': 'admin-secret' }
const ANN = { 'x-api-key': 'ann-secret' }
const BOB = { 'x-api-key': 'bob-secret' }
const VIEWER = { 'x-api-key': 'viewer-secret' }

interface Summary { requests: number, attempts: number, errors: number, tokens: Record<string, number>, cost: { usd: number, unpriced: number }, cacheHitRate: number | null }

t.test('what was used', async t => {
  const upstream = await startUpstream(t, (response, request) => {
    if (request.body.model === 'broken') return response.writeHead(500).end() as unknown as void
    answer(response, request, 'Yes.')
  })
  const { url, app } = await startApp(t, {
    config: {
      APIKEY: 'admin-secret',
      Keys: [
        { name: 'ann', key: 'ann-secret', team: 'blue' },
        { name: 'bob', key: 'bob-secret', team: 'red' },
        { name: 'watcher', key: 'viewer-secret', role: 'viewer' }
      ],
      Providers: [{ name: 'scripted', api_base_url: `${upstream.url}/v1/chat/completions`, models: ['good', 'broken'], transformer: { use: ['openai'] } }],
      Router: { default: 'scripted,good' },
      Failover: { tries: 1 },
      Prices: [{ model: 'good', input: 3, output: 15 }]
    }
  })
  const get = async <Body = Record<string, unknown>>(path: string, headers: Record<string, string> = ADMIN, method = 'GET'): Promise<{ status: number, body: Body, text: string, headers: Headers }> => {
    const reply = await fetch(url + path, { headers, method })
    const text = await reply.text()
    return { status: reply.status, body: (text.startsWith('{') && !path.includes('ndjson') ? JSON.parse(text) : {}) as Body, text, headers: reply.headers }
  }
  const session = (id: string, agent?: string): Record<string, string> => ({ 'x-claude-code-session-id': id, ...(agent !== undefined && { 'x-claude-code-agent-id': agent }) })
  // 10 tokens of prompt and 5 of answer each.
  for (const stream of [true, false]) t.equal((await ask(url, { stream }, { ...ANN, ...session('s-1') })).status, 200)
  await ask(url, {}, { ...ANN, ...session('s-1', 'agent-7') })
  await ask(url, {}, { ...BOB, ...session('s/2 ü') })
  t.equal((await ask(url, { model: 'scripted,broken' }, { ...BOB, ...session('s/2 ü') })).status, 500)
  await app.account?.ledger.flush()

  await t.test('in all, by group and by time', async t => {
    const { body } = await get<{ totals: Summary, totalInputTokens: number, totalOutputTokens: number, totalRequests: number }>('/api/usage')
    t.match(body, { from: null, to: null, totalInputTokens: 40, totalOutputTokens: 20, totalRequests: 5 })
    t.match(body.totals, { requests: 5, errors: 1, attempts: 5, tokens: { input: 40, output: 20, cacheRead: 0, total: 60 }, cacheHitRate: 0, cost: { usd: (40 * 3 + 20 * 15) / 1e6, unpriced: 0 } })
    const grouped = await get<{ groups: (Summary & { team: string, model: string })[] }>('/api/usage?group_by=team,model')
    t.match(grouped.body.groups, [{ team: 'blue', model: 'good', requests: 3 }, { team: 'red', model: 'good', requests: 1 }, { team: 'red', model: 'broken', requests: 1, errors: 1, tokens: { total: 0 } }])
    const today = new Date().toISOString().slice(0, 10)
    const daily = await get<{ buckets: object[] }>('/api/usage?bucket=day&group_by=key')
    t.match(daily.body.buckets, [{ at: `${today}T00:00:00.000Z`, requests: 5, groups: [{ key: 'ann', requests: 3 }, { key: 'bob', requests: 2 }] }])
    t.equal((await get<{ totalRequests: number }>('/api/usage?key=bob&model=good')).body.totalRequests, 1)
    t.equal((await get<{ totalRequests: number }>(`/api/usage?from=${today}`)).body.totalRequests, 5)
    t.equal((await get<{ totalRequests: number }>(`/api/usage?to=${today}`)).body.totalRequests, 0)
    t.equal((await get<{ totalRequests: number }>('/api/usage?team=blue&bucket=hour')).body.totalRequests, 3)
  })

  await t.test('by session, in the form of earlier routers and with more beside it', async t => {
    const { status, body } = await get('/api/usage/sessions/s-1')
    t.equal(status, 200)
    t.match(body, {
      sessionId: 's-1',
      providers: { scripted: { inputTokens: 30, outputTokens: 15, requests: 3 } },
      totalInputTokens: 30,
      totalOutputTokens: 15,
      totalRequests: 3,
      keys: ['ann'],
      agents: { main: { requests: 2 }, 'agent-7': { requests: 1, inputTokens: 10 } },
      cacheHitRate: 0,
      cost: { usd: 0.000315, unpriced: 0 }
    })
    const first = await get<{ sessions: { sessionId: string }[], next: string }>('/api/usage/sessions?limit=1')
    t.match(first.body.sessions, [{ sessionId: 's/2 ü' }], 'the one seen last')
    const second = await get<{ sessions: { sessionId: string }[], next: string | null }>(`/api/usage/sessions?limit=1&cursor=${first.body.next}`)
    t.match(second.body, { sessions: [{ sessionId: 's-1' }], next: null })
    t.equal((await get('/api/usage/sessions/unknown')).status, 404)
    t.equal((await get(`/api/usage/sessions/${encodeURIComponent('s/2 ü')}`)).body['totalRequests'], 2)
  })

  await t.test('try by try', async t => {
    const { body } = await get<{ requests: Record<string, unknown>[], next: string }>('/api/usage/requests?limit=2')
    t.match(body.requests, [{ state: 'failed', model: 'broken', status: 500, errorType: 'api_error', key: 'bob', costUsd: 0 }, { state: 'ok', key: 'bob', session: 's/2 ü', input: 10, output: 5, stopReason: 'end_turn', scenario: 'default', client: 'node', estimated: false }])
    const rest = await get<{ requests: Record<string, unknown>[], next: string | null }>(`/api/usage/requests?cursor=${body.next}`)
    t.equal(rest.body.requests.length, 3)
    t.equal(rest.body.next, null)
    t.match((await get<{ requests: object[] }>('/api/usage/requests?state=failed')).body.requests, [{ model: 'broken' }])
    t.equal((await get<{ requests: object[] }>('/api/usage/requests?session=s-1&key=ann')).body.requests.length, 3)
  })

  await t.test('as a file', async t => {
    const csv = await get('/api/usage/export')
    t.match(csv.headers.get('content-disposition'), /usage\.csv/)
    const lines = csv.text.trim().split('\r\n')
    t.equal(lines.length, 6)
    t.match(lines[0], /^at,settledAt,requestId,attempt,state/)
    const lines2 = (await get('/api/usage/export?format=ndjson&key=ann')).text.trim().split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
    t.strictSame(lines2.map(({ key, input, costUsd }) => [key, input, costUsd]), [['ann', 10, 0.000105], ['ann', 10, 0.000105], ['ann', 10, 0.000105]])
  })

  await t.test('a plain key sees its own, a viewer everything, and only an admin takes away', async t => {
    t.equal((await get<{ totalRequests: number }>('/api/usage', ANN)).body.totalRequests, 3)
    t.equal((await get<{ totalRequests: number }>('/api/usage?key=bob', ANN)).body.totalRequests, 0)
    t.equal((await get<{ sessions: object[] }>('/api/usage/sessions', ANN)).body.sessions.length, 1)
    t.equal((await get(`/api/usage/sessions/${encodeURIComponent('s/2 ü')}`, ANN)).status, 404)
    t.equal((await get<{ requests: object[] }>('/api/usage/requests', ANN)).body.requests.length, 3)
    t.equal((await get('/api/usage/export', ANN)).text.trim().split('\r\n').length, 4)
    t.equal((await get<{ requests: number }>('/stats', ANN)).body.requests, 3)
    t.equal((await get<{ totalRequests: number }>('/api/usage', VIEWER)).body.totalRequests, 5)
    t.equal((await get('/api/usage', {})).status, 401)
    for (const headers of [ANN, VIEWER]) t.equal((await get('/api/usage/sessions/s-1', headers, 'DELETE')).status, 403)
  })

  await t.test('in a few numbers', async t => {
    t.match((await get('/stats')).body, { requests: 5, errors: 1, inputTokens: 40, outputTokens: 20, totalTokens: 60, costUsd: 0.00042, models: { good: { requests: 4 }, broken: { requests: 1 } }, providers: { scripted: { totalTokens: 60 } } })
  })

  await t.test('a session can be forgotten; what was used stays', async t => {
    t.match((await get('/api/usage/sessions/s-1', ADMIN, 'DELETE')).body, { success: true })
    t.equal((await get('/api/usage/sessions/s-1', ADMIN, 'DELETE')).status, 404)
    t.equal((await get('/api/usage/sessions/s-1')).status, 404)
    t.equal((await get<{ requests: object[] }>('/api/usage/requests?session=s-1')).body.requests.length, 0)
    t.equal((await get<{ totalRequests: number }>('/api/usage')).body.totalRequests, 5)
  })

  await t.test('what cannot be is named', async t => {
    for (const [path, message] of [
      ['/api/usage?from=yesterday', /from: must be a time such as/],
      ['/api/usage?from=2026-11-02&to=2026-11-01', /from: must be before to/],
      ['/api/usage?group_by=provider,colour', /group_by: there is no colour; there are provider, model, key, scenario, team/],
      ['/api/usage?bucket=week', /bucket/],
      ['/api/usage?colour=red', /colour/],
      ['/api/usage/sessions?limit=1000', /limit: must be a whole number from 1 to 100/],
      ['/api/usage/requests?cursor=abc', /cursor: must be the next of an answer/],
      ['/api/usage/export?format=xml', /format/]
    ] as const) {
      const { status, body } = await get<{ error: { message: string } }>(path)
      t.equal(status, 400, path)
      t.match(body.error.message, message)
    }
    t.match((await get<{ error: { message: string } }>('/api/usage?key=nobody')).body.error.message, /key: there is no key nobody/)
  })

  await t.test('the API is described, and measured', async t => {
    const { body } = await get<{ openapi: string, paths: Record<string, object> }>('/openapi.json', {})
    t.equal(body.openapi, '3.1.0')
    for (const path of ['/v1/messages', '/v1/messages/count_tokens', '/api/usage', '/api/usage/sessions/{id}', '/api/usage/export', '/api/keys', '/api/keys/{id}', '/api/route', '/api/providers', '/api/transformers', '/stats']) t.ok(body.paths[path], path)
    const { text } = await get('/metrics', {})
    t.match(text, /gen_ai_client_token_usage_count\{gen_ai_operation_name="chat",gen_ai_provider_name="scripted",gen_ai_request_model="good",gen_ai_token_type="input"\} 4/)
    t.match(text, /gen_ai_client_operation_duration_seconds_count\{.*gen_ai_request_model="broken".*error_type="api_error".*\} 1/)
    t.match(text, /gen_ai_server_time_to_first_token_seconds_count\{.*\} 4/)
    t.match(text, /switchyard_overhead_seconds_count 5/)
    t.match(text, /switchyard_cost_dollars_total\{gen_ai_provider_name="scripted",gen_ai_request_model="good"\} 0\.00042/)
    t.match(text, /switchyard_breaker_state\{gen_ai_provider_name="scripted",gen_ai_request_model="good"\} 0/)
    for (const name of ['switchyard_in_flight', 'switchyard_ledger_pending', 'switchyard_ledger_lag_seconds', 'switchyard_store_down', 'switchyard_redis_up', 'nodejs_eventloop_lag_seconds', 'switchyard_refused_total']) t.match(text, new RegExp(`^${name}`, 'm'))
    for (const secret of ['ann', 'bob', 's-1', 'secret']) t.notMatch(text, new RegExp(`"${secret}"`))
    t.equal((await get('/metrics', { 'x-forwarded-for': '10.0.0.1' })).status, 401)
    t.equal((await get('/metrics', { ...ANN, 'x-forwarded-for': '10.0.0.1' })).status, 403)
    t.equal((await get('/metrics', { ...VIEWER, 'x-forwarded-for': '10.0.0.1' })).status, 200)
  })
})

t.test('without an account there is no usage, and that is said', async t => {
  const { url } = await startApp(t, { config: { Usage: { enabled: false }, Providers: [{ name: 'p', api_base_url: 'http://127.0.0.1:1', models: ['m'] }], Router: { default: 'p,m' } } })
  for (const path of ['/api/usage', '/api/usage/sessions', '/api/usage/requests', '/api/usage/export', '/stats']) {
    const reply = await fetch(url + path)
    t.equal(reply.status, 400)
    t.match((await reply.json() as { error: { message: string } }).error.message, /Usage\.enabled is false/)
  }
})
