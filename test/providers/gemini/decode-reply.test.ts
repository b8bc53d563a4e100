import t from 'tap'
import { ReasoningMemory } from '../../../src/message/reasoning-memory.ts'
import { openReasoning } from '../../../src/message/envelope.ts'
import type { ContentBlock } from '../../../src/wire/anthropic.ts'
import type { GeminiPart, GeminiRequest } from '../../../src/wire/gemini.ts'
import { type DecodeOptions, type Decoded, decode, encode } from '../../helper/pairs.ts'
import { joined, types } from '../../helper/grammar.ts'

const MODEL = 'gemini-3.6-flash'

/** A chunk with these parts. */
function parts (list: object[], finishReason?: string, rest: object = {}): object {
  return { candidates: [{ content: { parts: list, role: 'model' }, ...(finishReason !== undefined && { finishReason }), index: 0, ...rest }] }
}

const text = (text: string, thoughtSignature?: string): object => ({ text, ...(thoughtSignature !== undefined && { thoughtSignature }) })
const thought = (text: string): object => ({ text, thought: true })
const call = (name: string, args: object = {}, rest: object = {}): object => ({ functionCall: { name, args }, ...rest })
const end = parts([], 'STOP')

function read (chunks: object[], options: DecodeOptions = {}): Decoded {
  return decode(chunks, { pair: 'gemini', model: MODEL, ...options })
}

/** The same parts, streamed one by one and at once. */
function bothWays (list: object[]): [string, object[]][] {
  return [['streamed', [...list.map(part => parts([part])), end]], ['at once', [parts(list, 'STOP')]]]
}

t.test('thoughts, text and calls', async t => {
  const { reply, message } = read([parts([thought('Let me ')]), parts([thought('see.')]), parts([text('I ')]), parts([text('look.')]), parts([call('Read', { path: 'a' }, { functionCall: { id: 'x1', name: 'Read', args: { path: 'a' } } }), call('Grep')]), parts([text('')], 'STOP')])
  t.strictSame(types(reply.content), ['thinking', 'text', 'tool_use', 'tool_use'])
  t.match(reply.content, [{ thinking: 'Let me see.', signature: /^sy1\./ }, { text: 'I look.' }, { id: 'x1', name: 'Read', input: { path: 'a' } }, { id: /^toolu_/, name: 'Grep', input: {} }])
  t.equal(reply.stopReason, 'tool_use', 'Gemini says STOP')
  t.match(message?.content, reply.content.map(({ type, text, thinking, name, input }) => ({ type, ...(text !== undefined && { text }), ...(thinking !== undefined && { thinking }), ...(name !== undefined && { name, input }) })))
})

t.test('ids of calls are new ones', async t => {
  const named = (id: string): object => ({ functionCall: { id, name: 'Read', args: {} } })
  const { reply } = read([parts([named('a'), named('a'), named('taken'), named('functions.Read:0'), call('_:3d:20:view')], 'STOP')], { request: { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'taken', name: 'Read', input: {} }] }], tools: [] } })
  const [first, again, taken, odd, last] = reply.content
  t.match([first, odd], [{ id: 'a' }, { id: /^toolu_sy_/ }])
  t.match([again, taken], [{ id: /^toolu_/ }, { id: /^toolu_/ }])
  t.equal(new Set(reply.content.map(({ id }) => id)).size, 5)
  t.equal(last?.['name'], '3d view', 'the name that the client gave')
  const tools = [`1${'x'.repeat(127)}`, 'x'.repeat(200), '\u{1f6e0}'.repeat(20)].map(name => ({ name }))
  const { functionDeclarations: sent } = (encode('gemini', { tools }, { model: MODEL }).body as unknown as { tools: { functionDeclarations: { name: string }[] }[] }).tools[0] ?? { functionDeclarations: [] }
  t.strictSame(read([parts(sent.map(({ name }) => call(name)), 'STOP')], { request: { tools } }).reply.content.map(({ name }) => ({ name })), tools, 'also where it was shortened')
})

t.test('signatures come back in their own parts', async t => {
  const cases: [string, object[]][] = [
    ['a call', [call('Read', { a: 1 }, { thoughtSignature: 'A' })]],
    ['the first of three calls', [call('Read', {}, { thoughtSignature: 'A' }), call('Read'), call('Read')]],
    ['each of two calls', [call('Read', {}, { thoughtSignature: 'A' }), call('Read', {}, { thoughtSignature: 'B' })]],
    ['a text before a call, and the call', [text('One '), text('two', 'T'), call('Read', {}, { thoughtSignature: 'A' })]],
    ['pieces of a text', [text('One', 'T'), text(' two'), text(' three', 'U'), text(' four', 'V'), call('Read', {}, { thoughtSignature: 'A' })]],
    ['an empty part in mid-text', [text('One'), text('', 'T'), text('two'), call('Read', {}, { thoughtSignature: 'A' })]],
    ['an empty part before a call', [text('', 'T'), call('Read', {}, { thoughtSignature: 'A' })]],
    ['an empty part behind a call', [call('Read', {}, { thoughtSignature: 'A' }), text('', 'T')]],
    ['an empty part at the end of the text', [text('One'), text('', 'T')]],
    ['the last piece of the text', [text('One '), text('two', 'T')]],
    ['a whole text', [text('One', 'T')]],
    ['parts of a server tool', [text('One'), { toolCall: { id: '1' }, thoughtSignature: 'S' }, { toolResponse: { id: '1' } }, text('two'), call('Read', {}, { thoughtSignature: 'A' })]]
  ]
  for (const [what, list] of cases) {
    for (const thinks of [false, true]) {
      for (const [way, chunks] of bothWays(thinks ? [thought('Hm.'), ...list] : list)) {
        for (const streamed of [true, false]) {
          const rest = { memory: new ReasoningMemory() }
          const { reply, message } = read(chunks, { rest })
          const content = (streamed ? reply.content : message?.content) as ContentBlock[]
          const back = sentBack(content, { rest }).map(part => 'functionCall' in part ? { ...part, functionCall: { name: part.functionCall.name, args: part.functionCall.args } } : part)
          t.strictSame(glued(back), glued(list), `${what}${thinks ? ', behind a thought' : ''}, ${way}, ${streamed ? 'streamed' : 'plain'}`)
        }
      }
    }
  }
})

/** Unsigned texts that follow one another are one. */
function glued (list: readonly object[]): object[] {
  const whole: { text?: string, thoughtSignature?: string }[] = []
  for (const part of list as { text?: string, thoughtSignature?: string }[]) {
    const last = whole.at(-1)
    if (part.text !== undefined && last?.text !== undefined && part.thoughtSignature === undefined && last.thoughtSignature === undefined) last.text += part.text
    else whole.push({ ...part })
  }
  return whole
}

/** What becomes of an answer on the next turn. */
function sentBack (content: ContentBlock[], options: DecodeOptions = {}): GeminiPart[] {
  const body = encode('gemini', { messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content }, { role: 'user', content: 'b' }] }, { model: MODEL, ...options }).body as unknown as GeminiRequest
  return body.contents[1]?.parts ?? []
}

t.test('a signed thought comes back whole, an unsigned one does not', async t => {
  const signed = { text: 'Hm.', thought: true, thoughtSignature: 'H' }
  const { reply } = read([parts([signed, text('Yes.')], 'STOP')])
  t.strictSame(sentBack(reply.content as unknown as ContentBlock[]), [signed, { text: 'Yes.' }])
  const plain = read([parts([thought('Hm.'), text('Yes.')], 'STOP')]).reply.content
  t.strictSame(sentBack(plain as unknown as ContentBlock[]), [{ text: 'Yes.' }])
  t.equal(openReasoning(String(plain[0]?.['signature']), 'Hm.')?.family, 'gemini', 'and goes to no other provider')
})

t.test('nothing stands behind a last text: Claude Code takes the last block for the result', async t => {
  const { reply } = read([parts([text('One')]), parts([text('', 'T')], 'STOP')])
  t.strictSame(types(reply.content), ['text'])
})

t.test('a client that leaves the blocks out: the call is remembered', async t => {
  const rest = { memory: new ReasoningMemory() }
  const { reply } = read([parts([call('Read', {}, { thoughtSignature: 'A' })], 'STOP')], { rest })
  const calls = reply.content.filter(({ type }) => type === 'tool_use') as unknown as ContentBlock[]
  t.match(sentBack(calls, { rest }), [{ thoughtSignature: 'A' }])
})

t.test('every reason to stop', async t => {
  const refusals = ['SAFETY', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION', 'IMAGE_OTHER']
  const failures = ['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'MALFORMED_RESPONSE', 'LANGUAGE', 'NO_IMAGE', 'OTHER']
  const cases: [string, string][] = [
    ['STOP', 'end_turn'], ['MAX_TOKENS', 'max_tokens'], ['CONTINUATION', 'max_tokens'], ['FINISH_REASON_UNSPECIFIED', 'end_turn'], ['SOMETHING_NEW', 'end_turn'],
    ...refusals.map((reason): [string, string] => [reason, 'refusal']), ...failures.map((reason): [string, string] => [reason, 'end_turn'])
  ]
  for (const [reason, expected] of cases) {
    const { reply, message } = read([parts([text('So')]), parts([], reason), parts([], 'STOP')])
    t.equal(reply.stopReason, expected, reason)
    t.equal(message?.stop_reason, expected)
    t.match(reply.stopDetails, expected === 'refusal' ? { type: 'refusal', category: null, explanation: new RegExp(`scripted.*${reason}`) } : null)
    const { reply: first, error } = read([parts([thought('Hm.')]), { candidates: [{ finishReason: reason, finishMessage: 'words of it' }] }])
    t.equal(first.ended, failures.includes(reason) ? 'error' : 'message_stop', `${reason} before any answer`)
    if (failures.includes(reason)) t.match(error, { status: 502, type: 'api_error', retryable: true, message: new RegExp(`scripted.*${reason}.*words of it`) })
  }
})

t.test('answers without content', async t => {
  t.match(read([{ candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS', index: 0 }], usageMetadata: { promptTokenCount: 15, thoughtsTokenCount: 2 } }]), { reply: { content: [], stopReason: 'max_tokens', usage: { input_tokens: 15, output_tokens: 2 } }, message: { content: [], stop_reason: 'max_tokens' } })
  t.match(read([{ candidates: [{ content: {}, finishReason: 'SAFETY' }] }]), { reply: { content: [], stopReason: 'refusal' } })
  t.match(read([{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT', blockReasonMessage: 'Not this.' }, usageMetadata: { promptTokenCount: 9 } }]), { reply: { content: [], stopReason: 'refusal', stopDetails: { explanation: 'scripted refused the prompt (PROHIBITED_CONTENT: Not this.).' }, usage: { input_tokens: 9 } } })
  for (const chunks of [[], [{}], [{ candidates: [] }], [{ candidates: [null] }], [null, 'odd', [], { usageMetadata: { promptTokenCount: 1 } }]]) {
    const { reply, error } = decode(chunks, { pair: 'gemini' })
    t.equal(reply.ended, 'error', JSON.stringify(chunks))
    t.match(error, { status: 502, message: 'scripted answered with an empty reply.' })
  }
})

t.test('an answer that was cut is an error', async t => {
  for (const list of [[text('So')], [thought('Hm.')], [call('Read')]]) t.match(read([parts(list)]).reply, { ended: 'error', error: { type: 'api_error' } })
})

t.test('errors inside a 200', async t => {
  const error = { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' }
  for (const before of [[], [parts([text('So')])], [parts([call('Read')], 'STOP')]]) {
    t.match(read([...before, { error }]).reply, { ended: 'error', error: { type: 'overloaded_error', message: 'scripted: The model is overloaded.' } })
  }
  t.match(read([{ error: { status: 'RESOURCE_EXHAUSTED', message: 'Slow down.' } }]).error, { status: 429, type: 'rate_limit_error' })
  t.match(read([{ error: 'odd' }]).error, { status: 502, message: 'scripted: odd' })
})

t.test('token counts: the last ones', async t => {
  const counts = (rest: object): object => ({ ...parts([text('.')]), usageMetadata: rest })
  const { reply } = read([counts({ promptTokenCount: 5, cachedContentTokenCount: 1 }), counts({ promptTokenCount: 100, cachedContentTokenCount: 60, toolUsePromptTokenCount: 7, candidatesTokenCount: 20, thoughtsTokenCount: 30, totalTokenCount: 157 }), { ...end, usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 20, totalTokenCount: 120 } }])
  t.match(reply.usage, { input_tokens: 47, cache_read_input_tokens: 60, cache_creation_input_tokens: 0, output_tokens: 50, output_tokens_details: { thinking_tokens: 30 } })
  t.match(read([{ ...end, usageMetadata: { promptTokenCount: 5, cachedContentTokenCount: 9, candidatesTokenCount: 'odd' } }]).reply.usage, { input_tokens: 0, output_tokens: 0 })
})

t.test('a search: citations of the text, then the search and its results', async t => {
  const web = (uri: string, title?: string): object => ({ web: { uri, ...(title !== undefined && { title }) } })
  const groundingMetadata = {
    webSearchQueries: ['rain', 'sun'],
    groundingChunks: [web('https://a.example', 'A'), { retrievedContext: {} }, web('https://b.example'), web('https://a.example', 'A')],
    groundingSupports: [{ segment: { startIndex: 0, endIndex: 9, text: 'It’s wet.' }, groundingChunkIndices: [0, 1, 2] }, { segment: {}, groundingChunkIndices: [7, 'odd'] }, { groundingChunkIndices: null }]
  }
  const { reply, message } = read([parts([text('It’s ')], undefined, { groundingMetadata: {} }), parts([text('wet.', 'T')], 'STOP', { groundingMetadata }), parts([], undefined, { groundingMetadata: {} })])
  const citation = (url: string, title: string): object => ({ type: 'web_search_result_location', url, title, encrypted_index: '', cited_text: 'It’s wet.' })
  const page = (url: string, title: string): object => ({ type: 'web_search_result', url, title, encrypted_content: '', page_age: null })
  for (const content of [reply.content, message?.content]) {
    t.match(content, [
      { type: 'text', text: 'It’s wet.', citations: [citation('https://a.example', 'A'), citation('https://b.example', 'https://b.example')] },
      { type: 'redacted_thinking' },
      { type: 'server_tool_use', id: /^srvtoolu_/, name: 'web_search', input: { query: 'rain; sun' } },
      { type: 'web_search_tool_result', tool_use_id: /^srvtoolu_/, content: [page('https://a.example', 'A'), page('https://b.example', 'https://b.example')] }
    ])
  }
  t.match(reply, { stopReason: 'end_turn', usage: { server_tool_use: { web_search_requests: 2 } } })
  t.match(sentBack(reply.content as unknown as ContentBlock[]), [{ text: 'It’s ' }, { text: 'wet.', thoughtSignature: 'T' }, { text: /https:\/\/a\.example/ }])
  t.strictSame(types(read([parts([text('So.')], 'STOP', { groundingMetadata: { webSearchQueries: [], groundingChunks: [{}] } })]).reply.content), ['text'], 'no search, no blocks')
})

t.test('what the Messages API has no block for', async t => {
  const { reply } = read([parts([{ executableCode: { language: 'PYTHON', code: 'print(1)\n' } }, { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1\n' } }, { inlineData: { mimeType: 'image/png', data: 'iVBOR' } }], 'STOP')])
  const told = joined(reply.content, 'text')
  t.match(told, /```python\nprint\(1\)\n```[^]*```\n1\n```[^]*\[The model made an image/)
  t.notMatch(told, /iVBOR/)
})

t.test('nonsense does no harm', async t => {
  const { reply } = read([parts([null, 'odd', {}, { text: 5 }, { functionCall: 'odd' }, { thought: true }, { functionCall: { name: 'Read', args: 'odd' } }, { functionCall: { name: 'Read', args: { ['__proto__']: { bad: true } } } }] as object[]), { candidates: 'odd', usageMetadata: 7 }, { candidates: [{ content: 'odd', finishReason: 7, groundingMetadata: 'odd' }] }, end])
  t.match(reply.content, [{ name: 'Read', input: {} }, { name: 'Read' }])
  t.equal(({} as { bad?: boolean }).bad, undefined)
  t.match(read([parts([{ functionCall: { args: {} } }], 'STOP')]).error, { status: 502, message: /without naming it/ })
})
