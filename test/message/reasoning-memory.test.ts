import t from 'tap'
import { conversationKey } from '../../src/message/conversation-key.ts'
import { ReasoningMemory } from '../../src/message/reasoning-memory.ts'
import { TextMark } from '../../src/message/text-mark.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import { decode, encode } from '../helper/pairs.ts'

const reasoning = (text: string, family = 'deepseek'): { envelope: { family: string, field: string }, text: string } => ({ envelope: { family, field: 'reasoning_content' }, text })

const here = (): string => 'here'

t.test('what led to a call is found by the call, for the family that made it, in the conversation it belongs to', async t => {
  const memory = new ReasoningMemory()
  memory.of(here).remember('call_1', reasoning('hm'))
  t.strictSame(memory.of(here).recall('call_1', 'deepseek'), reasoning('hm'))
  t.equal(memory.of(here).recall('call_1', 'gemini'), undefined, 'no other family gets it')
  t.equal(memory.of(() => 'elsewhere').recall('call_1', 'deepseek'), undefined, 'nor another conversation, whose calls may have the same ids')
  t.equal(memory.of(here).recall('call_2', 'deepseek'), undefined)
  memory.of(here).remember('call_1', reasoning('later'))
  t.equal(memory.of(here).recall('call_1', 'deepseek')?.text, 'later')
})

t.test('so is what came behind an answer in words', async t => {
  const memory = new ReasoningMemory()
  const mark = new TextMark()
  for (const piece of ['Do', 'ne', '.']) mark.push(piece)
  memory.of(here).rememberText(mark, reasoning('hm'))
  t.strictSame(memory.of(here).recallText('Done.', 'deepseek'), reasoning('hm'))
  t.equal(memory.of(() => 'elsewhere').recallText('Done.', 'deepseek'), undefined, 'everyone says "Done."')
  t.equal(memory.of(here).recallText('Done', 'deepseek'), undefined)
  const long = new TextMark()
  for (let i = 0; i < 3000; i++) long.push(`${i} `)
  memory.of(here).rememberText(long, reasoning('long'))
  t.equal(memory.of(here).recallText(Array.from({ length: 3000 }, (_, i) => `${i} `).join(''), 'deepseek')?.text, 'long', 'however it came')
})

t.test('conversations are told apart by who speaks and how they began', async t => {
  const key = (user: string | null, content: string | object[], more: object[] = []): string => conversationKey({ ...(user !== null && { metadata: { user_id: user } }), messages: [{ role: 'user', content }, ...more] } as MessagesRequest)()
  const one = key('u', 'Hi')
  t.equal(key('u', 'Hi', [{ role: 'assistant', content: 'Hello' }, { role: 'user', content: 'And?' }]), one, 'it stays the same as it grows')
  t.equal(key('u', [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }]), one, 'in either form')
  t.equal(new Set([one, key('v', 'Hi'), key('u', 'Ho'), key(null, 'Hi'), key('u', [{ type: 'text', text: 'H' }, { type: 'text', text: 'i' }])]).size, 5)
})

t.test('the oldest are forgotten, by number and by size', async t => {
  const few = new ReasoningMemory(2).of(here)
  for (const id of ['a', 'b', 'c']) few.remember(id, reasoning(id))
  t.strictSame(['a', 'b', 'c'].map(id => few.recall(id, 'deepseek')?.text), [undefined, 'b', 'c'])

  const small = new ReasoningMemory(100, 130).of(here)
  small.remember('a', reasoning('x'.repeat(60)))
  small.remember('b', reasoning('x'.repeat(60)))
  t.equal(small.recall('a', 'deepseek'), undefined)
  t.ok(small.recall('b', 'deepseek'))
  small.remember('c', reasoning('x'.repeat(200)))
  t.equal(small.recall('c', 'deepseek'), undefined, 'what is larger than all of it is not kept')
  t.ok(small.recall('b', 'deepseek'), 'and drives nothing out')
  small.remember('d', { ...reasoning(''), envelope: { family: 'f', field: 'x', details: [{ data: 'x'.repeat(60) }] } })
  t.equal(small.recall('b', 'deepseek'), undefined, 'details count')
})

t.test('signatures are told apart by who made them', async t => {
  const memory = new ReasoningMemory()
  memory.signed('sig', 'anthropic/one')
  t.equal(memory.signer('sig'), 'anthropic/one')
  t.equal(memory.signer('other'), undefined)
  t.equal(memory.of(here).recall('sig', 'anthropic/one'), undefined, 'a signature is no call')
})

t.test('reasoning that the client leaves out goes back to its maker all the same', async t => {
  const memory = new ReasoningMemory()
  const chunks = [
    { choices: [{ delta: { reasoning_content: 'Two files to read.' } }] },
    { choices: [{ delta: { tool_calls: [{ index: 0, id: 'call_a', function: { name: 'Read', arguments: '{}' } }, { index: 1, id: 'call_b', function: { name: 'Read', arguments: '{}' } }] } }] },
    { choices: [{ delta: {}, finish_reason: 'tool_calls' }] }
  ]
  const { reply } = decode(chunks, { pair: 'openai', rest: { memory } })
  t.match(reply.content, [{ type: 'thinking' }, { type: 'tool_use', id: 'call_a' }, { type: 'tool_use', id: 'call_b' }])
  const results = ['call_a', 'call_b'].map(id => ({ type: 'tool_result', tool_use_id: id, content: 'x' }))
  const replay = (content: object[], provider = 'scripted'): unknown => encode('openai', { messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content }, { role: 'user', content: results }] }, { provider, rest: { memory } }).messages[1]
  const calls = reply.content.filter(block => block.type === 'tool_use')
  t.match(replay(calls), { reasoning_content: 'Two files to read.', tool_calls: [{ id: 'call_a' }, { id: 'call_b' }] }, 'once, although it led to two calls')
  t.strictSame(replay(reply.content), replay(calls), 'and not twice where the client did send it')
  t.equal((replay(calls, 'elsewhere') as { reasoning_content?: string }).reasoning_content, undefined, 'no other provider gets it')
})
