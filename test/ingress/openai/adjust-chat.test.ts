import t from 'tap'
import { type Changed, adjustChat } from '../../../src/ingress/openai/adjust-chat.ts'
import { UNSEEN_IMAGE } from '../../../src/message/without-images.ts'

/** What was changed in a request for a target is changed in the client's own; all else stays. */

function adjusted (body: object, changed: Changed, limited = false): unknown {
  return JSON.parse(adjustChat(Buffer.from(JSON.stringify(body)), changed, limited).toString())
}

const HI = { role: 'user', content: 'Hi', name: 'ann' }

t.test('the limit, in the bytes; one that nobody set is not sent', async t => {
  const raw = Buffer.from('{ "max_tokens" : 9e3, "max_completion_tokens":9000,"seed":1.0 }')
  t.equal(adjustChat(raw, { max_tokens: 50 }, true).toString(), '{ "max_tokens" : 50, "max_completion_tokens":50,"seed":1.0 }')
  t.equal(adjustChat(raw, { max_tokens: 50 }, false), raw)
})

t.test('pictures', async t => {
  const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' }, cache_control: { type: 'ephemeral' } }
  const file = { type: 'file', file: { file_data: 'data:image/png;base64,AA' } }
  const text = { type: 'file', file: { file_data: 'data:application/pdf;base64,AA' } }
  const messages = [HI, { role: 'user', content: [picture, file, text] }, { role: 'assistant', content: null, refusal: 'no', tool_calls: [] }, { role: 'tool', tool_call_id: 'a', content: [picture] }]
  const note = { type: 'text', text: UNSEEN_IMAGE }
  const marked = { ...note, cache_control: { type: 'ephemeral' } }
  t.strictSame(adjusted({ messages, seed: 1 }, { messages: [] }), { messages: [HI, { role: 'user', content: [marked, note, text] }, messages[2], { role: 'tool', tool_call_id: 'a', content: [marked] }], seed: 1 })
})

t.test('the system prompt', async t => {
  const later = { role: 'developer', content: 'Later.' }
  const messages = [{ role: 'developer', content: 'A' }, { role: 'system', content: 'B' }, HI, later]
  t.strictSame(adjusted({ messages }, { system: [{ type: 'text', text: 'new' }, { type: 'text', text: 'B' }] }), { messages: [{ role: 'developer', content: 'new\n\nB' }, HI, later] })
  const marked = [{ type: 'text' as const, text: 'new', cache_control: { type: 'ephemeral' as const } }]
  t.strictSame(adjusted({ messages }, { system: marked }), { messages: [{ role: 'developer', content: marked }, HI, later] })
  t.strictSame(adjusted({ messages }, { system: 'one' }), { messages: [{ role: 'developer', content: 'one' }, HI, later] })
  t.strictSame(adjusted({ messages }, { system: [] }), { messages: [HI, later] })
})

t.test('thinking, in the fields in which it was asked for', async t => {
  const off = { thinking: { type: 'disabled' as const } }
  t.strictSame(adjusted({ reasoning_effort: 'high', seed: 1 }, off), { seed: 1 })
  t.strictSame(adjusted({ reasoning: { max_tokens: 9000, exclude: true } }, off), { reasoning: { enabled: false } })
  t.strictSame(adjusted({ thinking: { type: 'enabled' } }, off), off)
  t.strictSame(adjusted({ reasoning: { max_tokens: 9000, exclude: true } }, { thinking: { type: 'enabled', budget_tokens: 2000 } }), { reasoning: { max_tokens: 2000, exclude: true } })
})
