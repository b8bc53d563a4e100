import fc from 'fast-check'
import t from 'tap'
import { MASK, maskSecrets, secretsOf, unmaskSecrets } from '../../../src/config/edit/secrets.ts'
import type { JsonObject, JsonValue } from '../../../src/wire/json.ts'

/* eslint-disable no-template-curly-in-string -- they are references of the configuration */
t.test('what is masked', async t => {
  const masked: [value: JsonValue, shown: JsonValue][] = [
    [{ APIKEY: 'x' }, { APIKEY: MASK }],
    [{ OPENAI_API_KEY: 'x', OPENAI_MODEL: 'gpt' }, { OPENAI_API_KEY: MASK, OPENAI_MODEL: 'gpt' }],
    [{ api_key: ['one', '$TWO', '${three}', 'Bearer ${FOUR}', 'a$FIVE', '$$SIX', ''] }, { api_key: [MASK, '$TWO', '${three}', 'Bearer ${FOUR}', `${MASK}$FIVE`, MASK, ''] }],
    [{ Keys: [{ name: 'ann', key: 'k', role: 'viewer' }] }, { Keys: [{ name: 'ann', key: MASK, role: 'viewer' }] }],
    [{ headers: { Authorization: 'Bearer abc', 'x-team': 'blue', 'anthropic-version': '2023-06-01', 'X-Title': 'Ours' } }, { headers: { Authorization: MASK, 'x-team': MASK, 'anthropic-version': '2023-06-01', 'X-Title': 'Ours' } }],
    [{ url: 'https://user:pass@host/path?key=abc&version=1&access_token=def#end' }, { url: `https://${MASK}@host/path?key=${MASK}&version=1&access_token=${MASK}#end` }],
    [{ url: 'https://$USER:$PASS@host/?key=$KEY' }, { url: 'https://$USER:$PASS@host/?key=$KEY' }],
    [{ url: 'https://user@host' }, { url: `https://${MASK}@host` }],
    [{ PROXY_URL: 'user:pass@host:3128', HTTPS_PROXY: 'http://host:3128' }, { PROXY_URL: `${MASK}@host:3128`, HTTPS_PROXY: 'http://host:3128' }],
    [{ deep: [{ 'client-secret': { a: ['x', 5, true, null] } }] }, { deep: [{ 'client-secret': { a: [MASK, 5, true, null] } }] }],
    [{ note: 'ours is sk-ant-api03-abcdefgh, keep it' }, { note: `ours is ${MASK}, keep it` }],
    [{ note: 'Authorization: Bearer abc.def' }, { note: `Authorization: Bearer ${MASK}` }],
    [{ Keys: ['team-secret'], options: { Keys: [{ key: 'k' }] } }, { Keys: [MASK], options: { Keys: [{ key: MASK }] } }],
    [{ OPENAI_KEY: 'a', proxyAuth: 'b', tokens: ['c'], access_key_id: 'd', signing_key: 'e', passphrase: 'f' }, { OPENAI_KEY: MASK, proxyAuth: MASK, tokens: [MASK], access_key_id: MASK, signing_key: MASK, passphrase: MASK }],
    [{ note: 'curl -x http://u:p@h https://h/?code=abc&k=d', link: '//u:p@h/' }, { note: `curl -x http://${MASK}@h https://h/?code=${MASK}&k=${MASK}`, link: `//${MASK}@h/` }],
    [{ rules: [{ name: 'a', when: { key: 'ann', or: [{ header: { 'x-team': 'blue' } }] }, key: 'k' }] }, { rules: [{ name: 'a', when: { key: 'ann', or: [{ header: { 'x-team': 'blue' } }] }, key: MASK }] }],
    [{ OLD_API_KEY_2: 'a', 'api-key-1': 'b', privateKeyPem: 'c', jwt: 'd', max_tokens: '100' }, { OLD_API_KEY_2: MASK, 'api-key-1': MASK, privateKeyPem: MASK, jwt: MASK, max_tokens: '100' }],
    [{ headers: [['x-team', 'blue'], 'x-api-key: a'], requestHeaders: { 'x-a': 'b' } }, { headers: [[MASK, MASK], MASK], requestHeaders: { 'x-a': MASK } }],
    [{ url: 'https://us er:my\npass@host/@a', PROXY_URL: 'http://user:a/b#c?d@e@host:1', proxy: 'user:a@host:1', all_proxy: 'host:1' }, { url: `https://${MASK}@host/@a`, PROXY_URL: `http://${MASK}@host:1`, proxy: `${MASK}@host:1`, all_proxy: 'host:1' }],
    [{ url: 'https:\\\\user:a@host', link: 'https://host/?access=a&sas=b#token=c' }, { url: `https:\\\\${MASK}@host`, link: `https://host/?access=${MASK}&sas=${MASK}#token=${MASK}` }],
    [{ rules: [{ when: { key: 'ann', not: { header: { 'x-api-key': 'a', Authorization: 'b', 'x-team': 'c' } } } }] }, { rules: [{ when: { key: 'ann', not: { header: { 'x-api-key': MASK, Authorization: MASK, 'x-team': 'c' } } } }] }],
    [{ note: 'gsk_abcdefghijklmnop xai-abcdefghijklmnop AKIAIOSFODNN7EXAMPLE hf_short' }, { note: `${MASK} ${MASK} ${MASK} hf_short` }],
    [{ max_tokens: 5, tokensPerMinute: 100, tokenizer: { type: 'x' }, Router: { thinkOn: ['hard'] }, model: 'task-sk-1' }, { max_tokens: 5, tokensPerMinute: 100, tokenizer: { type: 'x' }, Router: { thinkOn: ['hard'] }, model: 'task-sk-1' }]
  ]
  for (const [value, shown] of masked) {
    t.strictSame(maskSecrets(value), shown)
    t.strictSame(maskSecrets(shown), shown, 'a mask is none')
    t.strictSame(unmaskSecrets(shown, value), { document: value, problems: [] })
  }
  t.strictSame(secretsOf({ APIKEY: 'x', url: 'http://u:p@h/?key=k', api_key: ['$A', 'b'] }).sort(), ['b', 'k', 'u:p', 'x'])
})

t.test('long texts take no longer than they are', async t => {
  for (const text of [' '.repeat(1e6), '-eyJ'.repeat(250_000), 'bearer '.repeat(150_000), '//@'.repeat(300_000), 'sk-'.repeat(300_000), '?a='.repeat(300_000)]) {
    const begin = process.cpuUsage()
    maskSecrets({ note: text, PROXY_URL: text })
    // Seconds, where it once took minutes.
    t.ok(process.cpuUsage(begin).user < 20e6, text.slice(0, 10))
  }
})

const provider = (name: string, key: JsonValue): JsonObject => ({ name, api_base_url: `http://${name}/v1`, api_key: key, models: ['m'] })

t.test('masks get back what is in their place', async t => {
  const current = { APIKEY: 'admin', Providers: [provider('one', 'key-one'), provider('two', ['key-two', 'key-three'])], Keys: [{ name: 'ann', key: 'key-of-ann' }] }
  const [one, two] = (maskSecrets(current) as typeof current).Providers as [JsonObject, JsonObject]
  const back = (document: JsonObject): JsonValue => {
    const { document: whole, problems } = unmaskSecrets(document, current)
    t.strictSame(problems, [])
    return whole
  }
  t.match(back({ Providers: [two, one] }), { Providers: [{ api_key: ['key-two', 'key-three'] }, { api_key: 'key-one' }] }, 'wherever they stand')
  t.match(back({ Providers: [two] }), { Providers: [{ api_key: ['key-two', 'key-three'] }] })
  t.match(back({ Providers: [{ ...one, name: 'renamed' }, two] }), { Providers: [{ name: 'renamed', api_key: 'key-one' }, {}] }, 'one that has another name now')
  t.match(back({ Providers: [one, { ...two, api_key: [MASK, MASK, 'new'] }] }), { Providers: [{}, { api_key: ['key-two', 'key-three', 'new'] }] })
  t.match(back({ APIKEY: 'another', Keys: [{ name: 'bob', key: 'b' }, { name: 'ann', key: MASK }] }), { APIKEY: 'another', Keys: [{ key: 'b' }, { key: 'key-of-ann' }] })
  const place = (document: JsonObject): string[] => unmaskSecrets(document, current).problems.map(problem => problem.split(':')[0] ?? '')
  t.strictSame(place({ Providers: [one, two, provider('three', MASK)] }), ['Providers[2].api_key'])
  t.strictSame(place({ Providers: [{ ...two, api_key: [MASK] }] }), ['Providers[0].api_key[0]'], 'nobody knows which of them')
  t.strictSame(place({ HTTPS_PROXY: `http://${MASK}@host` }), ['HTTPS_PROXY'])
  t.strictSame(place({ Router: { default: MASK } }), ['Router.default'])
  t.strictSame(place({ Router: { default: '*'.repeat(9), think: '*'.repeat(7) } }), [], 'other stars are none')
  t.strictSame(unmaskSecrets({ note: `*${MASK}*` }, { note: '*sk-abcdefghijkl*' }), { document: { note: '*sk-abcdefghijkl*' }, problems: [] }, 'between stars, too')
  t.match(unmaskSecrets({ url: `https://${MASK}@new/` }, { url: 'https://user:pass@old/' }), { document: { url: 'https://user:pass@new/' }, problems: [] }, 'around a secret all may change')
})

t.test('a mask gets nothing where it would be shown', async t => {
  const current = { PROXY_URL: 'http://user:canary@host/', Providers: [{ name: 'one', api_base_url: 'https://canary@host/?key=canary&a=b' }], note: 'sk-canarycanary' }
  const moved: [document: JsonObject, path: string][] = [
    [{ PROXY_URL: `http://host/${MASK}` }, 'PROXY_URL'],
    [{ Providers: [{ name: 'one', api_base_url: `https://host/?a=${MASK}&b=${MASK}` }] }, 'Providers[0].api_base_url'],
    [{ Providers: [{ name: 'renamed', api_base_url: `https://host/${MASK}/${MASK}` }] }, 'Providers[0].api_base_url'],
    [{ note: `a${MASK}` }, 'note']
  ]
  for (const [document, path] of moved) {
    const { problems, document: whole } = unmaskSecrets(document, current)
    t.strictSame(problems.map(problem => problem.split(':')[0]), [path])
    t.notMatch(JSON.stringify(whole), /canary/)
  }
})

t.test('texts of lists are known by what is shown of them', async t => {
  const current = { urls: ['https://a@a/', 'https://b@b/', 'https://c@c/'], api_key: ['a', 'b', '$C', 'x$D'] }
  const back = (document: JsonObject): unknown => unmaskSecrets(document, current)
  const [a, b, c] = ['a', 'b', 'c'].map(host => `https://${MASK}@${host}/`) as [string, string, string]
  t.strictSame(back({ urls: [b, c] }), { document: { urls: ['https://b@b/', 'https://c@c/'] }, problems: [] })
  t.strictSame(back({ urls: [c, a, b, 'https://d/'] }), { document: { urls: ['https://c@c/', 'https://a@a/', 'https://b@b/', 'https://d/'] }, problems: [] })
  t.strictSame(back({ urls: [a, `https://${MASK}@new/`, c] }), { document: { urls: ['https://a@a/', 'https://b@new/', 'https://c@c/'] }, problems: [] })
  t.match(back({ urls: [`https://${MASK}@new/`, c] }), { problems: { length: 1 } }, 'nobody knows whose it is')
  t.match(back({ urls: [a, a, a, b] }), { problems: { length: 2 } }, 'each stands for one')
  t.strictSame(back({ api_key: ['new', MASK, '$C', `${MASK}$D`] }), { document: { api_key: ['new', 'b', '$C', 'x$D'] }, problems: [] }, 'keys by their place')
  t.match(back({ api_key: [MASK, `${MASK}$D`] }), { document: { api_key: [MASK, 'x$D'] }, problems: { length: 1 } })
})

t.test('whatever a client sends, it is shown no more than it sent', async t => {
  const url = fc.array(fc.constantFrom('https://', 'canary-canary', '@', '/', '?key=', '&a=', '#', 'host', MASK, '$VAR', ' ', 'sk-', 'bearer '), { maxLength: 8 }).map(parts => parts.join(''))
  const places = fc.record({ url, PROXY_URL: url, token: url, headers: fc.record({ a: url, accept: url }), list: fc.array(url, { maxLength: 3 }), Providers: fc.array(fc.record({ name: fc.constantFrom('a', 'b'), api_base_url: url }), { maxLength: 3 }) })
  fc.assert(fc.property(places, places, (current, sent) => {
    const given = JSON.stringify(sent).replaceAll('canary', 'ruby')
    const shown = JSON.stringify(maskSecrets(unmaskSecrets(JSON.parse(given) as JsonValue, current).document))
    if (shown.includes('canary')) throw new Error(shown)
  }), { numRuns: 5000 })
})

const name = fc.oneof(fc.constantFrom('key', 'api_key', 'url', 'name', 'headers', 'Providers', 'Keys', 'PROXY_URL', '__proto__', 'token'), fc.string({ maxLength: 5 }))
const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('http://u:p@h/?key=v', '$VAR', 'Bearer $VAR', 'sk-abcdefghijkl', 'a$$b', MASK), fc.tuple(fc.constantFrom('http://', 'x:', '$A', '@', '?key='), fc.string()).map(parts => parts.join('')))
const { value: json } = fc.letrec<{ value: JsonValue }>(tie => ({
  value: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.constant(null), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<JsonValue>)
}))

t.test('whatever a document holds', async t => {
  fc.assert(fc.property(json, value => {
    const masked = maskSecrets(value)
    t.strictSame(maskSecrets(masked), masked, 'masking is done once')
    const { document, problems } = unmaskSecrets(masked, value)
    if (problems.length === 0) t.strictSame(document, value, 'what was masked comes back')
    else if (!JSON.stringify(value).includes(MASK)) t.fail(problems.join())
  }), { numRuns: 2000 })
})
