import fc from 'fast-check'
import t from 'tap'
import { ApiError } from '../../src/errors.ts'
import { MessageCollector } from '../../src/message/collector.ts'
import { PING_EVENT, SseEncoder, errorEvent } from '../../src/message/sse-encoder.ts'
import { MessageWriter } from '../../src/message/writer.ts'
import type { ContentBlock, Message, StopReason } from '../../src/wire/anthropic.ts'
import { type GrammarOptions, type Reply, checkGrammar, joined, readFrames, types } from '../helper/grammar.ts'

type Play = (writer: MessageWriter, flush: () => void) => void

/** What a client of the stream sees; each `flush` is one write to it. */
function streamOf (play: Play, options: GrammarOptions = {}): Reply {
  return checkGrammar(textOf(play), options)
}

function textOf (play: Play): string {
  const encoder = new SseEncoder('msg_1', 'claude-x', 'req_1')
  let text = ''
  play(new MessageWriter(encoder), () => { text += encoder.take() })
  return text + encoder.take()
}

/** What a client of a plain request sees. */
function messageOf (play: Play): Message {
  const collector = new MessageCollector('msg_1', 'claude-x')
  play(new MessageWriter(collector), () => {})
  return collector.take()
}

/** The error that a plain request ends in. */
function errorOf (play: Play): unknown {
  try {
    return messageOf(play)
  } catch (error) {
    return error
  }
}

const broken = new ApiError('overloaded_error', 'busy')

t.test('text', async t => {
  const play: Play = writer => {
    writer.text('Hel')
    writer.text('lo')
    writer.usage({ input_tokens: 3, output_tokens: 2 })
    writer.finish('end_turn')
    writer.end()
  }
  const reply = streamOf(play)
  t.strictSame(reply.content, [{ type: 'text', text: 'Hello' }])
  t.match(reply, { id: 'msg_1', model: 'claude-x', ended: 'message_stop', stopReason: 'end_turn', stopSequence: null, usage: { input_tokens: 3, output_tokens: 2 } })
  t.match(messageOf(play), { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x', content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn', stop_sequence: null, usage: { input_tokens: 3, output_tokens: 2 } })
})

t.test('empty pieces open no block', async t => {
  const reply = streamOf(writer => {
    writer.text('')
    writer.thinking('')
    writer.finish('end_turn')
    writer.end()
  })
  t.strictSame(reply.content, [], 'a message without blocks is legal')
  t.equal(reply.stopReason, 'end_turn')
})

t.test('thinking is signed once, last, and a second phase is a second block', async t => {
  const play: Play = writer => {
    writer.thinking('one')
    writer.signature('s1')
    writer.signature('s1 again')
    writer.thinking('two')
    writer.signature('s2')
    writer.text('text')
    writer.signature('too late')
    writer.thinking('three')
    writer.finish('end_turn')
    writer.end()
  }
  const expected = [
    { type: 'thinking', thinking: 'one', signature: 's1' },
    { type: 'thinking', thinking: 'two', signature: 's2' },
    { type: 'text', text: 'text' },
    { type: 'thinking', thinking: 'three', signature: '' }
  ]
  t.strictSame(streamOf(play).content, expected)
  t.strictSame(messageOf(play).content, expected)
})

t.test('calls that arrive one after the other stream as they come', async t => {
  const text = textOf((writer, flush) => {
    for (const [key, id] of [[0, 'a'], [1, 'b']] as const) {
      writer.toolUse(key, id, 'Read')
      flush()
      writer.toolInput(key, '{"n":')
      flush()
      writer.toolInput(key, `${key}}`)
      flush()
    }
    writer.finish('tool_use')
    writer.end()
  })
  t.strictSame(checkGrammar(text).content, [{ type: 'tool_use', id: 'a', name: 'Read', input: { n: 0 } }, { type: 'tool_use', id: 'b', name: 'Read', input: { n: 1 } }])
  t.equal(readFrames(text).filter(({ event }) => event === 'content_block_delta').length, 4, 'every piece left at once')
})

t.test('interleaved calls become one block after the other', async t => {
  const play: Play = writer => {
    writer.toolUse(0, 'a', 'Read')
    writer.toolUse(1, 'b', 'Grep')
    writer.toolUse('two', 'c', 'Bash')
    writer.toolInput(1, '{"b":')
    writer.toolInput(0, '{"a":')
    writer.toolInput('two', '{"c":3}')
    writer.toolInput(0, '1}')
    writer.toolInput(1, '2}')
    writer.finish('tool_use')
    writer.end()
  }
  const expected = [
    { type: 'tool_use', id: 'a', name: 'Read', input: { a: 1 } },
    { type: 'tool_use', id: 'b', name: 'Grep', input: { b: 2 } },
    { type: 'tool_use', id: 'c', name: 'Bash', input: { c: 3 } }
  ]
  t.strictSame(streamOf(play).content, expected)
  t.strictSame(messageOf(play).content, expected)
})

t.test('what arrives beside an open call follows it, in order', async t => {
  const search: ContentBlock = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }
  const play: Play = writer => {
    writer.text('before')
    writer.toolUse(0, 'a', 'Read')
    writer.toolInput(0, '{"path":')
    writer.thinking('thought ')
    writer.thinking('on')
    writer.signature('s1')
    writer.thinking('again')
    writer.signature('s2')
    writer.text('be')
    writer.text('side')
    writer.block(search)
    writer.toolUse(1, 'b', 'Read')
    writer.toolInput(1, '{}')
    writer.toolInput(0, '"x"}')
    writer.finish('tool_use')
    writer.end()
  }
  const expected = [
    { type: 'text', text: 'before' },
    { type: 'tool_use', id: 'a', name: 'Read', input: { path: 'x' } },
    { type: 'thinking', thinking: 'thought on', signature: 's1' },
    { type: 'thinking', thinking: 'again', signature: 's2' },
    { type: 'text', text: 'beside' },
    search,
    { type: 'tool_use', id: 'b', name: 'Read', input: {} }
  ]
  t.strictSame(streamOf(play).content, expected)
  t.strictSame(messageOf(play).content, expected)
})

t.test('text after a call that is complete streams at once', async t => {
  const reply = streamOf(writer => {
    writer.toolUse(0, 'a', 'Read')
    writer.toolInput(0, '{"s":"}"}')
    writer.text('after')
  }, { cut: true })
  t.strictSame(types(reply.content), ['tool_use', 'text'])
  t.ok(reply.openBlock)
})

t.test('complete blocks close what is open', async t => {
  const play: Play = writer => {
    writer.thinking('hm')
    writer.block({ type: 'redacted_thinking', data: 'xyz' })
    writer.text('so')
    writer.finish('end_turn')
    writer.end()
  }
  const expected = [{ type: 'thinking', thinking: 'hm', signature: '' }, { type: 'redacted_thinking', data: 'xyz' }, { type: 'text', text: 'so' }]
  t.strictSame(streamOf(play).content, expected)
  t.strictSame(messageOf(play).content, expected)
})

t.test('a call without arguments has an empty object', async t => {
  const play: Play = writer => {
    writer.toolUse(0, 'a', 'List')
    writer.toolInput(0, '')
    writer.finish('tool_use')
    writer.end()
  }
  const expected = [{ type: 'tool_use', id: 'a', name: 'List', input: {} }]
  t.strictSame(streamOf(play).content, expected)
  t.strictSame(messageOf(play).content, expected)
})

t.test('the calls decide what the end of the turn is called', async t => {
  const cases: [StopReason, boolean, StopReason][] = [
    ['end_turn', false, 'end_turn'],
    ['end_turn', true, 'tool_use'],
    ['tool_use', true, 'tool_use'],
    ['tool_use', false, 'end_turn'],
    ['max_tokens', true, 'max_tokens'],
    ['max_tokens', false, 'max_tokens'],
    ['refusal', true, 'refusal']
  ]
  for (const [told, withCall, expected] of cases) {
    const play: Play = writer => {
      writer.text('x')
      if (withCall) writer.toolUse(0, 'a', 'Read')
      writer.finish(told)
      writer.end()
    }
    t.equal(streamOf(play).stopReason, expected, `${told}, ${withCall ? 'with' : 'without'} a call`)
    t.equal(messageOf(play).stop_reason, expected)
  }
})

t.test('the first reason to stop counts; its sequence and details are told', async t => {
  const play: Play = writer => {
    writer.text('x')
    writer.finish('stop_sequence', 'END')
    writer.finish('max_tokens')
    writer.end()
  }
  t.match(streamOf(play), { stopReason: 'stop_sequence', stopSequence: 'END' })
  t.match(messageOf(play), { stop_reason: 'stop_sequence', stop_sequence: 'END' })
  const details = { type: 'refusal', category: null, explanation: 'no' } as const
  const refuse: Play = writer => {
    writer.finish('refusal', null, details)
    writer.end()
  }
  t.match(streamOf(refuse), { stopReason: 'refusal', stopDetails: details, content: [] })
  t.match(messageOf(refuse), { stop_reason: 'refusal', stop_details: details, content: [] })
})

t.test('later token counts replace earlier ones, and those of the end win', async t => {
  const play: Play = writer => {
    writer.usage({ input_tokens: 1 })
    writer.text('x')
    writer.usage({ input_tokens: 10, output_tokens: 2 })
    writer.usage({ output_tokens: 5, cache_read_input_tokens: 7, output_tokens_details: { thinking_tokens: 3 } })
    writer.finish('end_turn')
    writer.end()
  }
  const usage = { input_tokens: 10, output_tokens: 5, cache_creation_input_tokens: 0, cache_read_input_tokens: 7, output_tokens_details: { thinking_tokens: 3 } }
  t.strictSame(streamOf(play).usage, usage)
  t.strictSame(messageOf(play).usage, usage)
})

t.test('an end without a reason is an error', async t => {
  const plays: Record<string, Play> = {
    'nothing at all': writer => writer.end(),
    'after text': writer => {
      writer.text('x')
      writer.end()
    },
    'in a call': writer => {
      writer.toolUse(0, 'a', 'Bash')
      writer.toolInput(0, '{"command":"rm -r')
      writer.end()
    }
  }
  for (const [name, play] of Object.entries(plays)) {
    const reply = streamOf(play)
    t.equal(reply.ended, 'error', name)
    t.equal(reply.error?.type, 'api_error')
    t.equal(reply.stopReason, null)
    t.match(errorOf(play), { name: 'ApiError', type: 'api_error' })
  }
  t.ok(streamOf(plays['in a call'] as Play).openBlock, 'the block stays open, so that nobody runs half a call')
})

t.test('a failure leaves the open block open, and is the last that is said', async t => {
  const play: Play = writer => {
    writer.toolUse(0, 'a', 'Bash')
    writer.toolInput(0, '{"command":')
    writer.text('held back')
    writer.fail(broken)
    writer.toolInput(0, '"x"}')
    writer.text('more')
    writer.thinking('more')
    writer.signature('s')
    writer.toolUse(1, 'b', 'Bash')
    writer.block({ type: 'redacted_thinking', data: '' })
    writer.keepAlive('text')
    writer.finish('end_turn')
    writer.fail(new ApiError('api_error', 'another'))
    writer.end()
  }
  const reply = streamOf(play)
  t.match(reply, { ended: 'error', openBlock: true, error: { type: 'overloaded_error', message: 'busy' } })
  t.strictSame(types(reply.content), ['tool_use'])
  t.equal(errorOf(play), broken)
})

t.test('after the end nothing more is written', async t => {
  const text = textOf(writer => {
    writer.text('x')
    writer.finish('end_turn')
    writer.end()
    writer.text('more')
    writer.toolUse(0, 'a', 'Bash')
    writer.block({ type: 'redacted_thinking', data: '' })
    writer.keepAlive('text')
    writer.fail(broken)
    writer.end()
  })
  t.doesNotThrow(() => checkGrammar(text))
  t.ok(text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n'))
})

t.test('signs of life are empty deltas of the block that is open', async t => {
  const reply = streamOf((writer, flush) => {
    writer.keepAlive('thinking')
    flush()
    writer.thinking('hm')
    writer.keepAlive('text')
    flush()
    writer.signature('s')
    writer.toolUse(0, 'a', 'Read')
    writer.keepAlive('text')
    writer.toolInput(0, '{"a":1}')
    writer.keepAlive('text')
    flush()
    writer.finish('tool_use')
    writer.end()
  })
  t.strictSame(reply.content, [{ type: 'thinking', thinking: 'hm', signature: 's' }, { type: 'tool_use', id: 'a', name: 'Read', input: { a: 1 } }])
})

t.test('a sign of life after a signature does not grow the signed block', async t => {
  const text = textOf((writer, flush) => {
    writer.thinking('hm')
    writer.signature('s')
    flush()
    writer.keepAlive('thinking')
    flush()
    writer.text('so')
    writer.finish('end_turn')
    writer.end()
  })
  t.doesNotThrow(() => checkGrammar(text))
})

t.test('a plain reply leaves out a call that was cut in half, and says that it met its limit', async t => {
  const play = (reason: StopReason): Play => writer => {
    writer.text('x')
    writer.toolUse(0, 'a', 'Read')
    writer.toolInput(0, '{"ok":1}')
    writer.toolUse(1, 'b', 'Write')
    writer.toolInput(1, '{"content":"half')
    writer.finish(reason)
    writer.end()
  }
  t.match(messageOf(play('max_tokens')), { stop_reason: 'max_tokens', content: [{ type: 'text', text: 'x' }, { type: 'tool_use', input: { ok: 1 } }] })
  t.equal(messageOf(play('max_tokens')).content.length, 2)
  t.strictSame(messageOf(play('tool_use')), messageOf(play('max_tokens')), 'also where the provider gives another reason')
})

t.test('arguments that are no object are no arguments', async t => {
  for (const input of ['[1]', '"x"', '1', 'true']) {
    const play: Play = writer => {
      writer.toolUse(0, 'a', 'Read')
      writer.toolInput(0, input)
      writer.finish('tool_use')
      writer.end()
    }
    t.match(errorOf(play), { name: 'ApiError', type: 'api_error' }, input)
  }
})

t.test('events of one kind that leave together leave as one', async t => {
  const text = textOf((writer, flush) => {
    for (const word of ['a', 'b', 'c']) writer.text(word)
    flush()
    writer.text('d')
    writer.thinking('e')
    writer.finish('end_turn')
    writer.end()
  })
  const deltas = readFrames(text).filter(({ event }) => event === 'content_block_delta').map(({ data }) => data['delta'])
  t.strictSame(deltas, [{ type: 'text_delta', text: 'abc' }, { type: 'text_delta', text: 'd' }, { type: 'thinking_delta', thinking: 'e' }])
})

t.test('every character is told as it is', async t => {
  const value = '"\\\n\r\t\u0000\u2028 é😀 data: x\n\nevent: error\n\n'
  const play: Play = writer => {
    writer.text(value)
    writer.toolUse(0, 'a', 'Write')
    writer.toolInput(0, JSON.stringify({ value }))
    writer.finish('tool_use')
    writer.end()
  }
  const expected = [{ type: 'text', text: value }, { type: 'tool_use', id: 'a', name: 'Write', input: { value } }]
  t.strictSame(streamOf(play).content, expected)
  t.strictSame(messageOf(play).content, expected)
})

t.test('events outside a message', async t => {
  t.strictSame(readFrames(PING_EVENT), [{ event: 'ping', data: { type: 'ping' } }])
  t.strictSame(readFrames(errorEvent(broken, 'req_1')), [{ event: 'error', data: { type: 'error', error: { type: 'overloaded_error', message: 'busy' }, request_id: 'req_1' } }])
})

/** Any call on a writer. */
const anyCall: fc.Arbitrary<Play> = fc.oneof(
  fc.string({ maxLength: 4 }).map(text => (writer: MessageWriter) => writer.text(text)),
  fc.string({ maxLength: 4 }).map(text => (writer: MessageWriter) => writer.thinking(text)),
  fc.string({ maxLength: 4 }).map(text => (writer: MessageWriter) => writer.signature(text)),
  fc.nat(3).map(key => (writer: MessageWriter) => writer.toolUse(key, `id_${key}`, 'Tool')),
  fc.tuple(fc.nat(3), fc.constantFrom('{"a":', '1}', '{}', 'null', '"', '')).map(([key, piece]) => (writer: MessageWriter) => writer.toolInput(key, piece)),
  fc.constant((writer: MessageWriter) => writer.block({ type: 'redacted_thinking', data: 'x' })),
  fc.constantFrom('text' as const, 'thinking' as const).map(kind => (writer: MessageWriter) => writer.keepAlive(kind)),
  fc.nat(9).map(count => (writer: MessageWriter) => writer.usage({ output_tokens: count })),
  fc.constantFrom<StopReason>('end_turn', 'tool_use', 'max_tokens').map(reason => (writer: MessageWriter) => writer.finish(reason)),
  fc.constant((_writer: MessageWriter, flush: () => void) => flush())
)
const anyEnd: fc.Arbitrary<Play> = fc.constantFrom((writer: MessageWriter) => writer.end(), (writer: MessageWriter) => writer.fail(broken))

t.test('no calls in any order can make an illegal stream', async t => {
  const property = fc.property(fc.array(anyCall, { maxLength: 30 }), anyEnd, fc.array(fc.oneof(anyCall, anyEnd), { maxLength: 5 }), (calls, end, late) => {
    streamOf((writer, flush) => { for (const call of [...calls, end, ...late]) call(writer, flush) }, { anyInput: true })
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1000 }))
})

/** What providers may legally do: each call is begun once, and then gets all of its arguments, whatever comes between. */
const anyReply = fc.record({
  calls: fc.array(fc.record({ input: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3, noNullPrototype: true }), cuts: fc.array(fc.nat(), { maxLength: 4 }) }), { maxLength: 4 }),
  prose: fc.array(fc.tuple(fc.constantFrom('text' as const, 'thinking' as const, 'signature' as const), fc.string({ minLength: 1, maxLength: 5 })), { maxLength: 8 }),
  order: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
  flushes: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 })
})

function piecesOf (text: string, cuts: readonly number[]): string[] {
  const ends = [...new Set(cuts.map(cut => cut % (text.length + 1))), text.length].sort((a, b) => a - b)
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end))
}

t.test('nothing that a provider sent is lost, however it was interleaved', async t => {
  const property = fc.property(anyReply, ({ calls, prose, order, flushes }) => {
    const queues: Play[][] = [prose.map(([kind, value]) => writer => writer[kind](value))]
    for (const [key, { input, cuts }] of calls.entries()) {
      queues.push([writer => writer.toolUse(key, `id_${key}`, 'Tool'), ...piecesOf(JSON.stringify(input), cuts).map((piece): Play => writer => writer.toolInput(key, piece))])
    }
    const merged = merge(queues, order)
    const play: Play = (writer, flush) => {
      for (const [i, step] of merged.entries()) {
        step(writer, flush)
        if (flushes[i] === true) flush()
      }
      writer.finish('end_turn')
      writer.end()
    }
    const expected = {
      text: prose.filter(([kind]) => kind === 'text').map(([, value]) => value).join(''),
      thinking: prose.filter(([kind]) => kind === 'thinking').map(([, value]) => value).join(''),
      inputs: calls.map(({ input }) => input),
      stop: calls.length > 0 ? 'tool_use' : 'end_turn'
    }
    const { content, stopReason } = streamOf(play)
    const message = messageOf(play)
    same(summary(content, stopReason), expected)
    same(message.content, content)
    same(message.stop_reason, stopReason)
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }))
})

/** Takes from the queues in turn, by chance, and keeps the order of each. */
function merge (queues: Play[][], order: readonly number[]): Play[] {
  const merged: Play[] = []
  for (let i = 0; queues.some(queue => queue.length > 0); i++) {
    const open = queues.filter(queue => queue.length > 0)
    merged.push(open[(order[i % order.length] ?? 0) % open.length]?.shift() as Play)
  }
  return merged
}

function summary (content: Reply['content'], stop: string | null): object {
  const inputs = content.filter(({ type }) => type === 'tool_use').sort((a, b) => String(a['id']).localeCompare(String(b['id']))).map(({ input }) => input)
  return { text: joined(content, 'text'), thinking: joined(content, 'thinking'), inputs, stop }
}

function same (actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
}
