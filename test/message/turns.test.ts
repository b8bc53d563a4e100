import fc from 'fast-check'
import t from 'tap'
import { type Conversation, toConversation } from '../../src/message/turns.ts'
import type { ContentBlock, MessageParam } from '../../src/wire/anthropic.ts'
import type { ChatMessage } from '../../src/wire/openai-chat.ts'
import { type PairName, encode } from '../helper/pairs.ts'

const user = (content: MessageParam['content']): MessageParam => ({ role: 'user', content })
const assistant = (content: MessageParam['content']): MessageParam => ({ role: 'assistant', content })
const system = (content: MessageParam['content']): MessageParam => ({ role: 'system', content })
const text = (value: string): ContentBlock => ({ type: 'text', text: value })
const call = (id: string, name = 'Bash'): ContentBlock => ({ type: 'tool_use', id, name, input: { command: id } })
const result = (id: string, content: string | ContentBlock[] = `result of ${id}`): ContentBlock => ({ type: 'tool_result', tool_use_id: id, content })

/** A conversation in short: roles, ids of results, and the rest of each turn. */
function sketch ({ turns }: Conversation): unknown[] {
  return turns.map(turn => turn.role === 'assistant'
    ? ['assistant', ...turn.blocks.map(inShort)]
    : ['user', ...turn.results.map(({ tool_use_id: id }) => `result ${id}`), ...turn.blocks.map(inShort)])
}

function inShort (block: ContentBlock): string {
  if (block.type === 'text') return block.text
  return block.type === 'tool_use' ? `call ${block.id}` : block.type
}

t.test('turns of one role become one, and empty content is left out', async t => {
  const conversation = toConversation([user('a'), user([text(''), text('b')]), assistant('c'), assistant([text('d')]), user('')])
  t.strictSame(sketch(conversation), [['user', 'a', 'b'], ['assistant', 'c', 'd']])
})

t.test('an empty message does not tear a turn in two', async t => {
  t.strictSame(sketch(toConversation([user('a'), assistant(''), user('b')])), [['user', 'a', 'b']])
  t.strictSame(sketch(toConversation([user('a'), assistant('b'), user([text('')]), assistant('c')])), [['user', 'a'], ['assistant', 'b', 'c']])
})

t.test('string and array content are the same', async t => {
  const strings = [user('a'), assistant('b'), system('c'), user('d')]
  const arrays = strings.map(({ role, content }) => ({ role, content: [text(content as string)] }))
  t.strictSame(toConversation(strings), toConversation(arrays))
})

t.test('system messages before all others belong to the system prompt', async t => {
  const { leading, turns } = toConversation([system('one'), system([text('two')]), user('a')])
  t.match(leading, [{ type: 'text', text: 'one' }, { type: 'text', text: 'two' }])
  t.equal(turns.length, 1)
})

t.test('a system message in mid-conversation keeps its place, in a user turn', async t => {
  const cases: [string, MessageParam[], unknown[]][] = [
    ['last', [user('a'), system('S')], [['user', 'a', 'S']]],
    ['after a user message', [user('a'), system('S'), assistant('b'), user('c')], [['user', 'a', 'S'], ['assistant', 'b'], ['user', 'c']]],
    ['after an answer', [user('a'), assistant('b'), system('S'), user('c')], [['user', 'a'], ['assistant', 'b'], ['user', 'S', 'c']]],
    ['between two answers', [user('a'), assistant('b'), system('S'), assistant('c')], [['user', 'a'], ['assistant', 'b'], ['user', 'S'], ['assistant', 'c']]],
    ['between a call and its result', [user('a'), assistant([call('1')]), system('S'), user([result('1'), text('c')])],
      [['user', 'a'], ['assistant', 'call 1'], ['user', 'result 1', 'S', 'c']]],
    ['between two results', [user('a'), assistant([call('1'), call('2')]), user([result('1')]), system('S'), user([result('2')])],
      [['user', 'a'], ['assistant', 'call 1', 'call 2'], ['user', 'result 1', 'result 2', 'S']]],
    ['after results', [user('a'), assistant([call('1')]), user([result('1')]), system('S'), assistant('b')],
      [['user', 'a'], ['assistant', 'call 1'], ['user', 'result 1', 'S'], ['assistant', 'b']]],
    ['after a call that has no result', [user('a'), assistant([call('1')]), system('S')],
      [['user', 'a'], ['assistant', 'call 1'], ['user', 'result 1', 'S']]],
    ['two of them after a call', [user('a'), assistant([call('1')]), system('S'), system('S'), user([result('1')])],
      [['user', 'a'], ['assistant', 'call 1'], ['user', 'result 1', 'S', 'S']]]
  ]
  for (const [name, messages, expected] of cases) {
    // How a folded text is marked as the system's is the fold's own affair.
    const folded = sketch(toConversation(messages)).map(turn => (turn as string[]).map(part => part.includes('S') ? 'S' : part))
    t.strictSame(folded, expected, name)
  }
})

t.test('a folded system text is marked, so that it is not taken for the user\'s word', async t => {
  const [turn] = toConversation([user('a'), system('Mind the gap.')]).turns
  const folded = turn?.blocks.at(-1)
  t.match(folded, { type: 'text', text: /<system-reminder>\s*Mind the gap\.\s*<\/system-reminder>/ })
})

t.test('results come in the order of the calls, each once, right behind them', async t => {
  const cases: [string, MessageParam[], string[]][] = [
    ['in the order of completion', [assistant([call('1'), call('2'), call('3')]), user([result('3'), result('1'), result('2')])], ['result 1', 'result 2', 'result 3']],
    ['in several messages', [assistant([call('1'), call('2')]), user([result('2')]), user([result('1')])], ['result 1', 'result 2']],
    ['behind other blocks', [assistant([call('1')]), user([text('t'), result('1')])], ['result 1', 't']],
    ['one is missing', [assistant([call('1'), call('2')]), user([result('2')])], ['result 1', 'result 2']],
    ['all are missing', [assistant([call('1'), call('2')]), user('stop')], ['result 1', 'result 2', 'stop']]
  ]
  for (const [name, messages, expected] of cases) {
    const [, , turn] = sketch(toConversation([user('a'), ...messages])) as string[][]
    t.strictSame(turn?.slice(1), expected, name)
  }
})

t.test('a missing result says that there is none, as an error', async t => {
  const conversation = toConversation([user('a'), assistant([call('1')]), user('go on')])
  const turn = conversation.turns[2]
  t.match(turn, { results: [{ tool_use_id: '1', content: /\w/, is_error: true }] })
})

t.test('a result without its call becomes text, and nothing of it is lost', async t => {
  const image: ContentBlock = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
  for (const [name, messages] of [
    ['at the start', [user([result('gone', [text('found it'), image]), text('go on')])]],
    ['after an answer without calls', [user('a'), assistant('b'), user([result('gone', [text('found it'), image]), text('go on')])]],
    ['beside the right one', [user('a'), assistant([call('1')]), user([result('1'), result('gone', [text('found it'), image]), text('go on')])]]
  ] as const) {
    const { turns } = toConversation(messages)
    const last = turns.at(-1)
    t.match(last, { role: 'user', results: name === 'beside the right one' ? [{ tool_use_id: '1' }] : [] }, name)
    const kept = last?.blocks.map(inShort) ?? []
    t.ok(kept.includes('found it') && kept.includes('image') && kept.at(-1) === 'go on', 'its text, its image, then the rest')
  }
})

t.test('two results of one call: one stays a result, the other becomes text', async t => {
  const { turns } = toConversation([user('a'), assistant([call('1')]), user([result('1', 'first'), result('1', 'second')])])
  const turn = turns[2]
  t.equal(turn?.role === 'user' ? turn.results.length : 0, 1)
  t.match(JSON.stringify(turn), /first/)
  t.match(JSON.stringify(turn), /second/)
})

t.test('a conversation that ends with calls gets results, one that ends with text stays a prefill', async t => {
  t.strictSame(sketch(toConversation([user('a'), assistant([call('1')])])), [['user', 'a'], ['assistant', 'call 1'], ['user', 'result 1']])
  t.strictSame(sketch(toConversation([user('a'), assistant('The answer is')])), [['user', 'a'], ['assistant', 'The answer is']])
})

/** Messages in any order, each text another one. */
const anyMessages = fc.array(fc.record({
  role: fc.constantFrom('user' as const, 'assistant' as const, 'system' as const),
  blocks: fc.array(fc.oneof(fc.constantFrom('text', 'empty'), fc.tuple(fc.constantFrom('call', 'result'), fc.nat(3))), { maxLength: 4 })
}), { maxLength: 10 }).map(messages => messages.map(({ role, blocks }, i) => ({
  role,
  content: blocks.map((block, j): ContentBlock => {
    if (block === 'empty') return text('')
    if (block === 'text' || role === 'system') return text(`text ${i}.${j};`)
    const [kind, id] = block as [string, number]
    if (kind === 'call' && role === 'assistant') return call(`${i}.${id}`)
    return role === 'user' ? result(`${Math.max(0, i - 1)}.${id}`, `text ${i}.${j};`) : text(`text ${i}.${j};`)
  })
})))

t.test('any messages: roles alternate, calls and results fit, nothing is empty or lost', async t => {
  const property = fc.property(anyMessages, messages => {
    const { leading, turns } = toConversation(messages)
    const said = JSON.stringify([leading, turns])
    for (const [i, turn] of turns.entries()) {
      const before = turns[i - 1]
      must(before?.role !== turn.role, 'two turns of one role')
      must(turn.blocks.length > 0 || (turn.role === 'user' && turn.results.length > 0), 'an empty turn')
      const calls = before?.role === 'assistant' ? before.blocks.flatMap(block => block.type === 'tool_use' ? [block.id] : []) : []
      const results = turn.role === 'user' ? turn.results.map(({ tool_use_id: id }) => id) : []
      must(turn.role === 'assistant' || JSON.stringify(results) === JSON.stringify(calls), 'results that are not those of the calls')
      must(i < turns.length - 1 || turn.role === 'user' || !turn.blocks.some(({ type }) => type === 'tool_use'), 'a call without a result at the end')
    }
    for (const part of JSON.stringify(messages).match(/text \d+\.\d+;/g) ?? []) must(said.includes(part), `${part} was lost`)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1000 }))
})

function must (condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

/** A session as Claude Code sends it: one array of messages per request. */
function session (): MessageParam[][] {
  const mark = { cache_control: { type: 'ephemeral' } } as const
  const steps: { said: MessageParam[], answer: MessageParam['content'] }[] = [
    { said: [user([text('<system-reminder>today</system-reminder>'), text('Fix the bug.')]), system('Agent types and skills.')], answer: [text('Looking.'), call('1', 'Read'), call('2', 'Grep')] },
    { said: [user([result('2', 'one match'), result('1', [text('file')])])], answer: [call('3', 'Read')] },
    { said: [user([result('3', [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }])]), system('Plan mode is on.')], answer: 'Which one?' },
    { said: [user('The second.')], answer: [call('4', 'Bash')] },
    { said: [user([{ ...result('4', 'Exit code 1') as object, is_error: true } as ContentBlock, text('Stop that.')])], answer: [text('All right.'), call('5', 'Bash')] },
    { said: [user('Never mind, it works.')], answer: 'Good.' },
    { said: [system('The date changed.'), user('Thanks.')], answer: 'Bye.' }
  ]
  const history: MessageParam[] = []
  return steps.map(({ said, answer }) => {
    // The newest message is an array whose last block carries the cache mark; the same one is a string later on.
    const newest = said.map(message => ({ ...message, content: marked(message, mark) }))
    const request = [...history, ...newest]
    history.push(...said.map(plain), assistant(answer))
    return request
  })
}

function marked ({ role, content }: MessageParam, mark: object): MessageParam['content'] {
  if (role === 'system') return content
  const blocks = typeof content === 'string' ? [text(content)] : content
  return blocks.map((block, i) => i === blocks.length - 1 ? { ...block, ...mark } : block)
}

function plain ({ role, content }: MessageParam): MessageParam {
  const only = typeof content !== 'string' && content.length === 1 ? content[0] : undefined
  return { role, content: only?.type === 'text' ? only.text : content }
}

/** Messages without marks, and with all content as parts: the form that a prompt cache does not see. */
function withoutForm (messages: readonly ChatMessage[]): unknown[] {
  return messages.map(message => ({
    ...message,
    content: typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content?.map(({ cache_control: _, ...part }) => part) ?? null
  }))
}

t.test('what was sent stays the beginning of what is sent next', async t => {
  const requests = session()
  for (const name of ['openai', 'openrouter'] satisfies PairName[]) {
    const sent = requests.map(messages => withoutForm(encode(name, { messages, system: [text('x-anthropic-billing-header: cc_version=1'), text('You are.')] }).messages))
    for (const [i, messages] of sent.entries()) {
      const next = sent[i + 1]
      if (next !== undefined) t.strictSame(next.slice(0, messages.length), messages, `${name}: request ${i + 1} begins request ${i + 2}`)
    }
  }
})

t.test('a request with string content is sent as one with array content is', async t => {
  const arrays = session().at(-1) ?? []
  const asArray = ({ role, content }: MessageParam): MessageParam => ({ role, content: typeof content === 'string' ? [text(content)] : content })
  for (const name of ['openai', 'openrouter'] satisfies PairName[]) {
    t.strictSame(encode(name, { messages: arrays.map(plain) }).body, encode(name, { messages: arrays.map(plain).map(asArray) }).body, name)
  }
})
