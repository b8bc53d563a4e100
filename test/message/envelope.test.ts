import fc from 'fast-check'
import t from 'tap'
import { type ReasoningEnvelope, openReasoning, sealReasoning } from '../../src/message/envelope.ts'
import { legalToolId, newMessageId, newRequestId, newToolId, originalToolId } from '../../src/message/ids.ts'
import { identityOf } from '../../src/message/session.ts'
import { systemBlocks } from '../../src/message/system.ts'
import { parseToolInput } from '../../src/message/tool-input.ts'
import type { JsonObject } from '../../src/wire/json.ts'

const detail = (text: string, rest: JsonObject = {}): JsonObject => ({ type: 'reasoning.text', text, index: 0, format: 'anthropic-claude-v1', ...rest })

t.test('what was sealed opens again', async t => {
  const long = 'reasoning — 思考 😀\n'.repeat(4000)
  const cases: [string, ReasoningEnvelope, string][] = [
    ['no details', { family: 'openai/x', field: 'reasoning_content' }, 'thought'],
    ['the text in one detail', { family: 'openrouter', field: 'reasoning', details: [detail('thought', { signature: 's'.repeat(500) })] }, 'thought'],
    ['the text in several details', { family: 'openrouter', field: 'reasoning', details: [detail('one'), { type: 'reasoning.summary', summary: ' two', index: 1 }, detail(' three', { index: 2 })] }, 'one two three'],
    ['text and summary in one detail', { family: 'openrouter', field: 'reasoning', details: [{ type: 'x', text: 'one', summary: ' two' }] }, 'one two'],
    ['details that say more than the text', { family: 'openrouter', field: 'reasoning', details: [detail('one'), detail('two')] }, 'something else'],
    ['details without a text', { family: 'openrouter', field: 'reasoning', details: [{ type: 'reasoning.encrypted', data: 'B7oH+/==', id: 'rs_1', index: 0 }] }, ''],
    ['encrypted details beside the text', { family: 'openrouter', field: 'reasoning', details: [detail('thought'), { type: 'reasoning.encrypted', data: 'x', id: null }] }, 'thought'],
    ['a detail with an empty text', { family: 'openrouter', field: 'reasoning', details: [detail(''), detail('thought')] }, 'thought'],
    ['60,000 characters and more', { family: 'openrouter', field: 'reasoning', details: [detail(long, { signature: 'Ab+/'.repeat(15_000) })] }, long],
    ['characters outside of ASCII', { family: 'openai/prövider-漢', field: 'reasoning', details: [detail('😀é\u0000"\\')] }, '😀é\u0000"\\'],
    ['half of a pair of surrogates', { family: 'openrouter', field: 'reasoning', details: [detail('😀'.slice(0, 1)), detail('😀'.slice(1))] }, '😀']
  ]
  for (const [name, envelope, thinking] of cases) {
    t.strictSame(openReasoning(sealReasoning(envelope, thinking), thinking), envelope, name)
  }
})

t.test('a seal is printable ASCII, and does not repeat the text', async t => {
  const thinking = 'ü 😀 a long thought. '.repeat(1000)
  const seal = sealReasoning({ family: 'openrouter', field: 'reasoning', details: [detail(thinking)] }, thinking)
  t.match(seal, /^sy1\.[A-Za-z0-9_-]+$/)
  t.ok(seal.length < 500, 'the text travels once')
})

t.test('sealing leaves the details as they were', async t => {
  const details = [detail('thought', { signature: 's' })]
  const before = structuredClone(details)
  sealReasoning({ family: 'openrouter', field: 'reasoning', details }, 'thought')
  t.strictSame(details, before)
})

t.test('a text that was changed meanwhile spoils the seal', async t => {
  const seal = sealReasoning({ family: 'openrouter', field: 'reasoning', details: [detail('I think so', { signature: 'over the text' })] }, 'I think so')
  for (const changed of ['I think so.', 'I think', '', 'I think no']) t.equal(openReasoning(seal, changed), undefined, JSON.stringify(changed))
})

t.test('what is not ours, or damaged, opens as nothing', async t => {
  const seal = sealReasoning({ family: 'openrouter', field: 'reasoning', details: [detail('x')] }, 'x')
  const encoded = (value: unknown): string => `sy1.${Buffer.from(JSON.stringify(value)).toString('base64url')}`
  const signatures = ['', 'ErcBCkgICBACGAIiQHtMxpqc', 'sy1.', 'sy1.!!!', 'sy2.e30', seal.slice(0, -3), `x${seal}`, encoded(null), encoded([]), encoded('x'), encoded({}),
    encoded({ family: 'openrouter' }), encoded({ family: 1, field: 'reasoning' }), encoded({ family: 'openrouter', field: 'reasoning', details: {} }), encoded({ family: 'openrouter', field: 'reasoning', details: [1] })]
  for (const signature of signatures) t.equal(openReasoning(signature, 'x'), undefined, signature.slice(0, 60))
})

t.test('any details round trip', async t => {
  const field = fc.record({ type: fc.constantFrom('reasoning.text', 'reasoning.summary', 'reasoning.encrypted'), text: fc.string({ unit: 'binary' }), data: fc.string(), index: fc.nat(3) }, { requiredKeys: ['type'] })
  const property = fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), fc.option(fc.string(), { nil: undefined }), (details, other) => {
    const envelope: ReasoningEnvelope = { family: 'openrouter', field: 'reasoning', details: details as JsonObject[] }
    const thinking = other ?? details.map(({ text }) => text ?? '').join('')
    return JSON.stringify(openReasoning(sealReasoning(envelope, thinking), thinking)) === JSON.stringify(envelope)
  })
  t.doesNotThrow(() => fc.assert(property))
})

t.test('tool ids become legal, and find the way back', async t => {
  for (const id of ['functions.Bash:0', 'call 1', 'ö', '😀', 'a/b+c=', '.', ' ']) {
    t.match(legalToolId(id), /^[a-zA-Z0-9_-]+$/, id)
    t.equal(originalToolId(legalToolId(id)), id)
  }
  for (const id of ['toolu_01A', 'call_b51ijcpFkDiTQG1bQzsrmtW5', '3sniiMddS', 'chatcmpl-tool-bbb91941bf76335c', '-', '_']) {
    t.equal(legalToolId(id), id, 'a legal id stays as it is')
    t.equal(originalToolId(id), id)
  }
  t.not(legalToolId('a.b'), legalToolId('a:b'))
  t.doesNotThrow(() => fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), id => /^[a-zA-Z0-9_-]+$/.test(legalToolId(id)) && originalToolId(legalToolId(id)) === id)))
})

t.test('new ids are new and look like the API\'s', async t => {
  for (const [make, form] of [[newMessageId, /^msg_[a-zA-Z0-9]{20,}$/], [newToolId, /^toolu_[a-zA-Z0-9]{20,}$/], [newRequestId, /^req_[a-zA-Z0-9]{20,}$/]] as const) {
    const ids = Array.from({ length: 1000 }, make)
    t.equal(new Set(ids).size, 1000)
    t.match(ids[0], form)
  }
})

t.test('arguments are whole only as an object', async t => {
  for (const whole of ['{}', ' {"a":"}"} \n', '{"a":{"b":[1,2]}}']) t.strictSame(parseToolInput(whole), JSON.parse(whole))
  for (const part of ['', '{', '{"a":1', '{"a":"}', '{"a":{}', '[{}]', 'null', '"}"', '{}{}', '{a}']) t.equal(parseToolInput(part), undefined, part)
})

t.test('who speaks, from metadata.user_id', async t => {
  const device = 'd'.repeat(64)
  const json = (session: string): string => JSON.stringify({ device_id: device, account_uuid: '', session_id: session })
  const first = identityOf(json('11111111-2222-4333-8444-555555555555'))
  t.equal(first?.session, '11111111-2222-4333-8444-555555555555')
  t.equal(identityOf(json('another'))?.user, first?.user, 'the user is the same in every session')
  t.not(identityOf(JSON.stringify({ device_id: 'e', session_id: 's' }))?.user, first?.user)
  t.notOk(first?.user.includes(device.slice(0, 8)), 'and cannot be read from it')

  const legacy = identityOf('user_abc_account__session_99')
  t.equal(legacy?.session, '99')
  t.equal(identityOf('user_abc_account__session_100')?.user, legacy?.user)

  t.equal(identityOf('alice@example.com')?.session, undefined)
  t.notMatch(identityOf('alice@example.com')?.user, /alice/)
  t.equal(identityOf('{broken json')?.session, undefined)
  for (const none of [undefined, null, '']) t.equal(identityOf(none), undefined)
})

t.test('the system prompt as blocks, without the attribution line', async t => {
  const attribution = { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197.abc; cc_entrypoint=cli;' } as const
  const prompt = { type: 'text', text: 'You are.', cache_control: { type: 'ephemeral' } } as const
  t.strictSame(systemBlocks([attribution, prompt]), [prompt])
  t.strictSame(systemBlocks([{ type: 'text', text: '' }, prompt]), [prompt])
  t.strictSame(systemBlocks('You are.'), [{ type: 'text', text: 'You are.' }])
  for (const none of [undefined, '', [], [attribution]]) t.strictSame(systemBlocks(none), [])
})
