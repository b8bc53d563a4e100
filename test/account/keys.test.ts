import t from 'tap'
import { permits, permitted } from '../../src/account/allowance.ts'
import { type KnownKey, KeyRing } from '../../src/account/key-ring.ts'
import { type KeySettings, createIdentity } from '../../src/account/key-settings.ts'
import { SecretHash, hintOf, newHashKey, newSecret } from '../../src/account/secret.ts'
import type { Target } from '../../src/target.ts'

t.test('secrets', async t => {
  const secrets = Array.from({ length: 1000 }, newSecret)
  t.equal(new Set(secrets).size, 1000)
  t.ok(secrets.every(secret => /^sk-sy-[\w-]{43}$/.test(secret)), 'that is 32 bytes')
  t.equal(hintOf('sk-sy-abcdefgh'), 'efgh')
})

t.test('hashes are of the key that they are made with', async t => {
  const [one, two] = [new SecretHash(newHashKey()), new SecretHash('short')]
  t.match(one.of('secret'), /^[0-9a-f]{72}$/)
  t.equal(one.of('secret'), one.of('secret'))
  t.not(one.of('secret'), one.of('secreT'))
  t.not(one.of('secret'), two.of('secret'))
  t.strictSame([one.made(one.of('secret')), one.made(two.of('secret')), two.made(two.of('x'))], [true, false, true])
  // RFC 4231, test case 2.
  t.ok(new SecretHash('Jefe').of('what do ya want for nothing?').endsWith('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'))
})

t.test('a ring of keys', async t => {
  const hash = new SecretHash('k')
  const known = (secret: string, revision: number, rest: Partial<KnownKey> = {}): KnownKey => ({ hash: hash.of(secret), identity: createIdentity(secret, secret), expiresAt: null, revoked: false, revision, ...rest })

  await t.test('finds keys of both kinds, and says why one is not served', async t => {
    const ann = createIdentity('ann', 'ann')
    const ring = new KeyRing(hash, [{ identity: ann, secret: 'secret of ann' }])
    ring.apply([known('a', 1), known('b', 2, { revoked: true }), known('c', 3, { expiresAt: 1000 }), known('d', 4, { expiresAt: 1000, revoked: true })])
    t.equal(ring.find('secret of ann'), ann)
    t.equal(ring.find('a'), ring.find('a'), 'made once')
    t.strictSame(['b', 'c', 'd', 'e', ''].map(credential => ring.find(credential)), ['revoked', 'expired', 'revoked', undefined, undefined])
    t.match(ring.find('c', 999), { name: 'c' })
    t.equal(ring.find('c', 1000), 'expired')
  })

  await t.test('a change that comes late does not undo a later one', async t => {
    const ring = new KeyRing(hash, [])
    ring.apply([known('a', 7, { revoked: true }), known('a', 6), known('a', 7)])
    t.equal(ring.find('a'), 'revoked')
  })

  await t.test('what was closed stays so', async t => {
    const ring = new KeyRing(hash, [])
    t.equal(ring.needed, false)
    ring.apply([known('a', 1, { revoked: true })])
    t.equal(ring.needed, false, 'a key of the past')
    ring.apply([known('b', 2, { expiresAt: 1 })])
    t.equal(ring.needed, true, 'time opens nothing')
    ring.apply([known('b', 3, { revoked: true })])
    t.equal(ring.needed, true)
    t.equal(new KeyRing(hash, [{ identity: createIdentity('x', 'x'), secret: 'x' }]).needed, true)
  })
})

t.test('what a key may use', async t => {
  const target = (name: string): Target => {
    const [provider = '', model = ''] = name.split(/,(.*)/s)
    return { name, model, provider: { name: provider }, capabilities: {} } as unknown as Target
  }
  const may = (settings: KeySettings, name: string): boolean => permits(createIdentity('a', 'a', settings), target(name))

  for (const [settings, yes, no] of [
    [{}, ['a,b'], []],
    [{ models: ['*sonnet*'] }, ['openrouter,anthropic/claude-sonnet-4.5', 'x,Sonnet'], ['openrouter,openai/o3', 'sonnet,o3']],
    [{ models: ['o*'] }, ['x,o3', 'x,openai/o3'], ['openrouter,claude']],
    [{ models: ['openrouter,*claude*', 'qwen*'] }, ['openrouter,anthropic/claude', 'vllm,qwen3'], ['anthropic,claude', 'openrouter,o3']],
    [{ models: ['{qwen,llama}*'] }, ['vllm,qwen3', 'vllm,llama'], ['vllm,gemma']],
    [{ models: ['{vllm,{a,b}},*'] }, ['vllm,x', 'a,y'], ['c,x']],
    [{ models: ['!qwen'] }, ['vllm,!qwen'], ['vllm,gemma']],
    [{ providers: ['vllm*'] }, ['vllm-2,x'], ['openrouter,vllm']],
    [{ providers: ['vllm'], models: ['*/*'] }, ['vllm,a/b'], ['vllm,b', 'other,a/b']]
  ] as [KeySettings, string[], string[]][]) {
    for (const name of yes) t.equal(may(settings, name), true, `${JSON.stringify(settings)} ${name}`)
    for (const name of no) t.equal(may(settings, name), false, `${JSON.stringify(settings)} not ${name}`)
  }

  const targets = [target('a,x'), target('b,y'), target('a,z')]
  t.equal(permitted(createIdentity('a', 'a'), targets), targets)
  t.equal(permitted(createIdentity('a', 'a', { providers: ['*'] }), targets), targets)
  t.strictSame(permitted(createIdentity('a', 'a', { providers: ['a'] }), targets), [targets[0], targets[2]])
  t.strictSame(permitted(createIdentity('a', 'a', { models: ['none'] }), targets), [])
})
