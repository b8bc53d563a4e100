import t from 'tap'
import type { ContentBlock, MessageParam, MessagesRequest } from '../../../src/wire/anthropic.ts'
import type { ChatMessage } from '../../../src/wire/openai-chat.ts'
import { type PairName, type TargetOptions, chunk, decode, encode } from '../../helper/pairs.ts'

const both = ['openai', 'openrouter'] satisfies PairName[]
const mark = { cache_control: { type: 'ephemeral' } } as const
const attribution = { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197.abc; cc_entrypoint=cli;' } as const
const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } } as const
const pngUrl = 'data:image/png;base64,iVBORw0KGgo='
const call = (id: string): ContentBlock => ({ type: 'tool_use', id, name: 'Read', input: { path: id } })
const tool = { name: 'Read', description: 'Reads.', input_schema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] } } as const

/** Messages that end in these results of two calls. */
function afterCalls (...results: ContentBlock[]): { messages: MessageParam[] } {
  return { messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: [call('toolu_1'), call('toolu_2')] }, { role: 'user', content: results }] }
}

const result = (id: string, content: string | ContentBlock[], rest: object = {}): ContentBlock => ({ type: 'tool_result', tool_use_id: id, content, ...rest })
const ok2 = result('toolu_2', 'fine')

/** What a message says, whatever its form. */
function textOf (message: ChatMessage | undefined): string {
  const content = message?.content ?? ''
  return typeof content === 'string' ? content : content.map(part => part.type === 'text' ? part.text : '').join('')
}

function roles (messages: readonly ChatMessage[]): string[] {
  return messages.map(({ role }) => role)
}

/** The fields that are named, `undefined` for one that is absent. */
function pick (body: object, names: readonly string[]): object {
  const fields = body as Record<string, unknown>
  return Object.fromEntries(names.map(name => [name, fields[name]]))
}

t.test('what every request carries', async t => {
  for (const name of both) {
    const plain = encode(name, {})
    t.match(plain.body, { model: 'test-model', stream: false, messages: [{ role: 'user', content: 'Hi' }] }, name)
    t.match(plain.headers, { authorization: 'Bearer upstream-secret', 'content-type': 'application/json' })
    t.strictSame(plain.dropped, [])
    const streamed = encode(name, { stream: true })
    t.match(streamed.body, { stream: true, stream_options: { include_usage: true } }, 'without the option, OpenAI and vLLM send no usage in a stream')
  }
})

t.test('the system prompt', async t => {
  for (const name of both) {
    t.strictSame(encode(name, { system: 'You are.' }).messages[0], { role: 'system', content: 'You are.' }, name)
    const array = encode(name, { system: [attribution, { type: 'text', text: 'You are.' }, { type: 'text', text: 'Be brief.' }] }).messages
    t.strictSame(roles(array), ['system', 'user'])
    t.match(textOf(array[0]), /^You are\.\s*Be brief\.$/, 'without the attribution line')
    t.strictSame(roles(encode(name, { system: [attribution] }).messages), ['user'], 'no empty system message')
    t.strictSame(roles(encode(name, { system: '' }).messages), ['user'])
  }
  t.strictSame(encode('openai', { system: [{ type: 'text', text: 'a', ...mark }, { type: 'text', text: 'b' }] }).messages[0], { role: 'system', content: 'a\n\nb' }, 'one string, as every server takes it')
})

t.test('cache_control goes to OpenRouter as it is, and to no other server', async t => {
  const request = {
    system: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b', ...mark }],
    tools: [tool, { ...tool, name: 'Last', ...mark }],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'one' }, { ...png, ...mark }] }, { role: 'assistant', content: [call('toolu_1')] }, { role: 'user', content: [result('toolu_1', 'found', mark), { type: 'text', text: 'two', ...mark }] }],
    cache_control: { type: 'ephemeral', ttl: '1h' }
  }
  const { body, messages } = encode('openrouter', request)
  t.strictSame(messages[0]?.content, [{ type: 'text', text: 'a' }, { type: 'text', text: 'b', ...mark }])
  t.strictSame(messages[1]?.content, [{ type: 'text', text: 'one' }, { type: 'image_url', image_url: { url: pngUrl }, ...mark }])
  t.strictSame(messages[3]?.content, [{ type: 'text', text: 'found', ...mark }])
  t.strictSame(messages[4]?.content, [{ type: 'text', text: 'two', ...mark }])
  t.match(body.tools, [{ cache_control: undefined }, mark])
  t.strictSame(body['cache_control'], { type: 'ephemeral', ttl: '1h' })

  const search: ContentBlock = { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] }
  const markedCall: ContentBlock = { ...call('toolu_1'), ...mark } as ContentBlock
  const places: [string, ContentBlock[], ContentBlock[], unknown, unknown][] = [
    ['an answer (a compaction marks the last one)', [{ type: 'text', text: 'a' }, { type: 'text', text: 'b', ...mark }], [], [{ type: 'text', text: 'a' }, { type: 'text', text: 'b', ...mark }], 'go on'],
    ['a call', [{ type: 'text', text: 'a' }, markedCall], [result('toolu_1', 'x')], [{ type: 'text', text: 'a', ...mark }], 'x'],
    ['a call without a text', [markedCall], [result('toolu_1', 'x')], null, 'x'],
    ['a text in a result', [call('toolu_1')], [result('toolu_1', [{ type: 'text', text: 'x', ...mark }, { type: 'text', text: 'y' }])], null, [{ type: 'text', text: 'x\ny', ...mark }]],
    ['a picture in a result', [call('toolu_1')], [result('toolu_1', [{ ...png, ...mark }, png], mark)], null, [{ type: 'text', text: 'See the attachment.' }, { type: 'image_url', image_url: { url: pngUrl } }, { type: 'image_url', image_url: { url: pngUrl }, ...mark }]],
    ['a page that was found', [{ type: 'text', text: 'a' }], [{ ...search, ...mark } as ContentBlock], 'a', [{ type: 'text', text: 'Search result: t (s)\nx', ...mark }]],
    ['a document of parts', [{ type: 'text', text: 'a' }], [{ type: 'document', source: { type: 'content', content: 'x' }, ...mark }], 'a', [{ type: 'text', text: 'x', ...mark }]]
  ]
  for (const [name, answer, next, expected, expectedNext] of places) {
    const { messages: sent } = encode('openrouter', { messages: [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: answer }, { role: 'user', content: next.length === 0 ? 'go on' : next }] })
    t.strictSame([sent[1]?.content, sent[2]?.content], [expected, expectedNext], `a mark on ${name}`)
  }

  const other = encode('openai', request)
  t.notMatch(JSON.stringify(other.body), /cache_control/)
  t.ok(other.dropped.includes('cache_control'), 'the automatic caching that was asked for is named as lost')
})

t.test('pictures and documents of the user', async t => {
  const part = (name: PairName, block: object): unknown => {
    const content = encode(name, { messages: [{ role: 'user', content: [block, { type: 'text', text: 'What is it?' }] }] }).messages[0]?.content
    return Array.isArray(content) ? content[0] : content
  }
  for (const name of both) {
    t.strictSame(part(name, png), { type: 'image_url', image_url: { url: pngUrl } }, name)
    t.strictSame(part(name, { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }), { type: 'image_url', image_url: { url: 'https://example.com/a.png' } })
    t.match(part(name, { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }), { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } })
    t.match(part(name, { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }), { type: 'file', file: { filename: /\.pdf$/ } }, 'a file needs a name')
    const text = encode(name, { messages: [{ role: 'user', content: [{ type: 'document', title: 'Notes', context: 'of May', source: { type: 'text', data: 'Buy milk.' } }] }] }).messages[0]
    for (const piece of ['Notes', 'of May', 'Buy milk.']) t.ok(textOf(text).includes(piece), piece)
    const content = encode(name, { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'Page 1' }, png] } }] }] }).messages[0]?.content
    t.strictSame(content, [{ type: 'text', text: 'Page 1' }, { type: 'image_url', image_url: { url: pngUrl } }])
    t.match(textOf(encode(name, { messages: [{ role: 'user', content: [{ type: 'search_result', source: 'https://a.example', title: 'A', content: [{ type: 'text', text: 'found' }] }] }] }).messages[0]), /A.*https:\/\/a\.example[^]*found/)
    for (const type of ['image', 'document']) {
      t.throws(() => part(name, { type, source: { type: 'file', file_id: 'file_1' } }), { name: 'ApiError', message: /file_id/ }, `${type} by id: this wire has no form for it`)
    }
  }
  const pdf = { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }
  t.match(part('openrouter', pdf), { type: 'file', file: { file_data: 'https://example.com/a.pdf' } })
  t.throws(() => part('openai', pdf), { name: 'ApiError', message: /URL/ }, 'OpenAI takes files as data only')
})

t.test('results: a string, and never JSON of blocks', async t => {
  const cases: [string, ContentBlock, RegExp][] = [
    ['a string', result('toolu_1', 'found it'), /^found it$/],
    ['texts', result('toolu_1', [{ type: 'text', text: 'one' }, { type: 'text', text: 'two' }]), /^one\ntwo$/],
    ['nothing', result('toolu_1', ''), /\w/],
    ['no blocks', result('toolu_1', []), /\w/],
    ['no content', { type: 'tool_result', tool_use_id: 'toolu_1' }, /\w/],
    ['an error', result('toolu_1', 'exit code 1', { is_error: true }), /^error.*exit code 1$/i],
    ['an error that says so itself', result('toolu_1', 'Error: no such file', { is_error: true }), /^Error: no such file$/],
    ['an error without a word', result('toolu_1', '', { is_error: true }), /error/i],
    ['not an error', result('toolu_1', 'fine', { is_error: false }), /^fine$/],
    ['a reference to a tool', result('toolu_1', [{ type: 'tool_reference', tool_name: 'Grep' }]), /Grep/],
    ['a search result', result('toolu_1', [{ type: 'search_result', source: 'https://a.example', title: 'A', content: [{ type: 'text', text: 'found' }] }]), /A[^]*https:\/\/a\.example[^]*found/]
  ]
  for (const name of both) {
    for (const [what, block, expected] of cases) {
      const { messages } = encode(name, afterCalls(block, ok2))
      t.strictSame(roles(messages), ['user', 'assistant', 'tool', 'tool'], `${name}: ${what}`)
      t.match(messages[2], { tool_call_id: 'toolu_1', content: expected })
    }
  }
})

t.test('results: pictures', async t => {
  const request = afterCalls(ok2, result('toolu_1', [{ type: 'text', text: 'the screen' }, png]), { type: 'text', text: 'See?' })
  const openrouter = encode('openrouter', request).messages
  t.strictSame(roles(openrouter), ['user', 'assistant', 'tool', 'tool', 'user'])
  t.match(openrouter[2], { tool_call_id: 'toolu_1', content: [{ type: 'text', text: 'the screen' }, { type: 'image_url', image_url: { url: pngUrl } }] })

  const openai = encode('openai', request).messages
  t.strictSame(roles(openai), ['user', 'assistant', 'tool', 'tool', 'user'], 'behind all results, never between them')
  t.match(openai[2], { tool_call_id: 'toolu_1', content: 'the screen' })
  t.match(openai[4]?.content, [{ type: 'text', text: /toolu_1/ }, { type: 'image_url', image_url: { url: pngUrl } }, { type: 'text', text: 'See?' }])

  for (const name of both) {
    const only = encode(name, afterCalls(result('toolu_1', [png]), ok2)).messages
    t.match(textOf(only[2]), /\w/, 'a picture alone: the result says something all the same')
    t.equal(JSON.stringify(only).split(png.source.data).length, 2, 'the picture is sent once')
    for (const message of only.filter(({ role }) => role === 'tool')) t.notMatch(textOf(message), /iVBOR/, 'and never as text')
  }
})

t.test('results: several, text and a document beside them', async t => {
  const pdf: ContentBlock = { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }
  for (const name of both) {
    const { messages } = encode(name, afterCalls(ok2, { type: 'text', text: 'and hurry' }, pdf, result('toolu_1', 'found')))
    t.match(messages.slice(2), [
      { role: 'tool', tool_call_id: 'toolu_1', content: 'found' },
      { role: 'tool', tool_call_id: 'toolu_2', content: 'fine' },
      { role: 'user', content: [{ type: 'text', text: 'and hurry' }, { type: 'file', file: { file_data: /^data:application\/pdf/ } }] }
    ], name)
  }
})

t.test('answers of the assistant', async t => {
  for (const name of both) {
    const { messages } = encode(name, { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: [{ type: 'text', text: 'Look' }, { type: 'text', text: 'ing.' }, { type: 'tool_use', id: 'toolu_1', name: 'List', input: {} }] }, { role: 'user', content: [result('toolu_1', 'x')] }] })
    t.strictSame(messages[1], { role: 'assistant', content: 'Looking.', tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'List', arguments: '{}' } }] }, `${name}: texts are joined with nothing between`)
    const calls = encode(name, afterCalls(result('toolu_1', 'x'), ok2)).messages[1]
    t.match(calls, { content: null, tool_calls: [{ function: { arguments: '{"path":"toolu_1"}' } }, { function: { arguments: '{"path":"toolu_2"}' } }] }, 'calls alone have null content')
    t.strictSame(encode(name, { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: 'The answer is' }] }).messages.at(-1), { role: 'assistant', content: 'The answer is' }, 'a prefill stays last')
  }
})

t.test('an answer of which nothing can be sent leaves no empty message behind', async t => {
  const messages: MessageParam[] = [{ role: 'user', content: 'a' }, { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 'of another' }] }, { role: 'user', content: 'b' }]
  for (const name of both) {
    t.strictSame(encode(name, { messages }).messages, [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'text', text: 'b' }] }], `${name}: nor two of the user in a row`)
  }
})

t.test('searches of the provider are told as text', async t => {
  const blocks: ContentBlock[] = [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A', encrypted_content: '', page_age: null }] },
    { type: 'text', text: 'It says so.' }
  ]
  for (const name of both) {
    const { messages } = encode(name, { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: blocks }, { role: 'user', content: 'b' }] })
    t.match(textOf(messages[1]), /https:\/\/a\.example[^]*It says so\.$/, name)
    t.strictSame(roles(messages), ['user', 'assistant', 'user'])
  }
})

t.test('tools', async t => {
  for (const name of both) {
    t.strictSame(encode(name, { tools: [tool] }).body.tools, [{ type: 'function', function: { name: 'Read', description: 'Reads.', parameters: tool.input_schema } }], name)
    t.strictSame(encode(name, { tools: [{ ...tool, type: 'custom', strict: true }] }).body.tools?.[0]?.function.strict, true)
    t.match(encode(name, { tools: [{ name: 'Bare' }] }).body.tools?.[0], { function: { name: 'Bare', parameters: { type: 'object' } } }, 'a function without parameters is refused')
    for (const none of [{}, { tools: [] }]) t.strictSame(pick(encode(name, none).body, ['tools', 'tool_choice']), { tools: undefined, tool_choice: undefined })
  }
})

t.test('how to choose among tools', async t => {
  const cases: [object | undefined, unknown][] = [
    [undefined, undefined],
    [{ type: 'auto' }, 'auto'],
    [{ type: 'any' }, 'required'],
    [{ type: 'none' }, 'none'],
    [{ type: 'tool', name: 'Read' }, { type: 'function', function: { name: 'Read' } }]
  ]
  for (const name of both) {
    for (const [choice, expected] of cases) {
      const { body } = encode(name, { tools: [tool], ...(choice !== undefined && { tool_choice: choice }) })
      t.strictSame(pick(body, ['tool_choice', 'parallel_tool_calls']), { tool_choice: expected, parallel_tool_calls: undefined }, `${name}: ${JSON.stringify(choice)}`)
    }
    for (const type of ['auto', 'any', 'tool']) {
      t.equal(encode(name, { tools: [tool], tool_choice: { type, name: 'Read', disable_parallel_tool_use: true } }).body.parallel_tool_calls, false, `${name}: one call at a time, ${type}`)
    }
  }
})

t.test('tools that only Anthropic\'s models know are left out, and so is a choice of one', async t => {
  const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 8 }
  for (const name of both) {
    const alone = encode(name, { tools: [search], tool_choice: { type: 'tool', name: 'web_search' } })
    t.notMatch(JSON.stringify(alone.body.tools ?? []), /"function"[^}]*web_search/, `${name}: never as a function without parameters`)
    t.equal(alone.body.tool_choice, undefined)
    const beside = encode(name, { tools: [tool, search], tool_choice: { type: 'tool', name: 'web_search' } })
    t.strictSame(beside.body.tools?.filter(({ type }) => type === 'function').map(({ function: { name } }) => name), ['Read'])
    t.equal(beside.body.tool_choice, undefined)
    const lost = name === 'openrouter' ? [] : ['tool_choice', 'tools.web_search_20250305']
    for (const { body, dropped } of [alone, beside]) {
      t.strictSame([...dropped].sort(), lost, 'what is left out is named')
      t.strictSame(body['plugins'], name === 'openrouter' ? [{ id: 'web' }] : undefined, 'OpenRouter searches by a plugin')
    }
  }
})

t.test('stop sequences', async t => {
  for (const name of both) {
    t.strictSame(encode(name, { stop_sequences: ['a', 'b', 'c', 'd'] }).body.stop, ['a', 'b', 'c', 'd'], name)
    const five = encode(name, { stop_sequences: ['a', 'b', 'c', 'd', 'e'] })
    t.strictSame(five.body.stop, ['a', 'b', 'c', 'd'], 'more than four are refused')
    t.ok(five.dropped.includes('stop_sequences'))
    for (const none of [[], null]) t.equal(encode(name, { stop_sequences: none }).body.stop, undefined)
  }
})

t.test('limits and sampling', async t => {
  const sampling = { max_tokens: 500, temperature: 0, top_p: 0.9, top_k: 40 }
  const fields = ['max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'top_k']
  const cases: [PairName, string, object, string[]][] = [
    ['openrouter', 'anthropic/claude-sonnet-4.5', { max_tokens: 500, max_completion_tokens: undefined, temperature: 0, top_p: 0.9, top_k: 40 }, []],
    ['openai', 'gpt-4o', { max_tokens: 500, max_completion_tokens: undefined, temperature: 0, top_p: 0.9, top_k: undefined }, ['top_k']],
    ['openai', 'qwen3-coder', { max_tokens: 500, max_completion_tokens: undefined, temperature: 0, top_p: 0.9, top_k: undefined }, ['top_k']],
    // OpenAI's reasoning models refuse max_tokens and any sampling.
    ['openai', 'gpt-5', { max_tokens: undefined, max_completion_tokens: 500, temperature: undefined, top_p: undefined, top_k: undefined }, ['temperature', 'top_p', 'top_k']],
    ['openai', 'o3-mini', { max_tokens: undefined, max_completion_tokens: 500, temperature: undefined, top_p: undefined, top_k: undefined }, ['temperature', 'top_p', 'top_k']]
  ]
  for (const [name, model, expected, lost] of cases) {
    const { body, dropped } = encode(name, sampling, { model })
    t.strictSame(pick(body, fields), expected, model)
    t.strictSame([...dropped].sort(), [...lost].sort())
    const none = encode(name, {}, { model })
    t.strictSame(pick(none.body, ['temperature', 'top_p', 'top_k']), { temperature: undefined, top_p: undefined, top_k: undefined }, 'nothing is made up')
  }
  for (const name of both) t.ok((encode(name, { max_tokens: 0 }).body.max_tokens ?? 0) > 0, `${name}: zero, which only warms a cache at Anthropic, is refused`)
})

const enabled = { type: 'enabled', budget_tokens: 10_000 } as const
type Thinking = MessagesRequest['thinking']

t.test('thinking at OpenRouter', async t => {
  const cases: [string, Thinking, string | undefined, object][] = [
    ['absent', undefined, undefined, { reasoning: undefined, verbosity: undefined }],
    ['disabled', { type: 'disabled' }, undefined, { reasoning: { enabled: false }, verbosity: undefined }],
    ['enabled', enabled, undefined, { reasoning: { max_tokens: 10_000 }, verbosity: undefined }],
    ['adaptive', { type: 'adaptive' }, undefined, { reasoning: { enabled: true }, verbosity: undefined }],
    ['between tools', { type: 'between_tools' }, undefined, { reasoning: { enabled: true }, verbosity: undefined }],
    ['disabled, with effort', { type: 'disabled' }, 'high', { reasoning: { enabled: false }, verbosity: 'high' }],
    ['absent, with effort', undefined, 'low', { reasoning: undefined, verbosity: 'low' }],
    ['enabled, with effort', enabled, 'max', { reasoning: { max_tokens: 10_000 }, verbosity: 'max' }]
  ]
  for (const [name, thinking, effort, expected] of cases) {
    const { body } = encode('openrouter', { ...(thinking && { thinking }), ...(effort !== undefined && { output_config: { effort } }) }, { model: 'anthropic/claude-sonnet-4.5' })
    t.strictSame(pick(body, ['reasoning', 'verbosity']), expected, name)
  }
  for (const effort of ['low', 'medium', 'high', 'xhigh', 'max']) {
    for (const model of ['anthropic/claude-opus-4.6', 'x-ai/grok-4']) {
      const { body, dropped } = encode('openrouter', { thinking: { type: 'adaptive' }, output_config: { effort } }, { model })
      const { effort: sent, enabled: on } = body['reasoning'] as Record<string, unknown>
      t.equal(sent, effort, `${model}: adaptive at ${effort}`)
      t.not(on, false)
      t.equal(body['verbosity'], model.includes('claude') ? effort : undefined, 'for Claude, effort is more than thinking')
      t.strictSame(dropped, [])
    }
  }
})

t.test('an effort at OpenRouter is carried, or named as lost', async t => {
  for (const thinking of [undefined, { type: 'disabled' }, enabled, { type: 'adaptive' }] satisfies Thinking[]) {
    for (const model of ['anthropic/claude-opus-4.6', 'x-ai/grok-4']) {
      const { body, dropped } = encode('openrouter', { ...(thinking && { thinking }), output_config: { effort: 'low' } }, { model })
      const { effort } = (body['reasoning'] ?? {}) as Record<string, unknown>
      t.ok(effort === 'low' || body['verbosity'] === 'low' || dropped.includes('output_config.effort'), `${model}, thinking ${thinking?.type ?? 'absent'}`)
    }
  }
})

t.test('thinking at OpenAI', async t => {
  const cases: [string, Thinking, string | undefined, string | undefined, string[]][] = [
    ['gpt-4o', undefined, undefined, undefined, []],
    ['gpt-4o', { type: 'disabled' }, undefined, undefined, []],
    ['gpt-4o', enabled, undefined, undefined, ['thinking']],
    ['gpt-4o', { type: 'adaptive' }, 'high', undefined, ['thinking', 'output_config.effort']],
    ['gpt-5', undefined, undefined, undefined, []],
    ['gpt-5', { type: 'adaptive' }, undefined, undefined, []],
    ['gpt-5', { type: 'adaptive' }, 'low', 'low', []],
    ['gpt-5', { type: 'adaptive' }, 'medium', 'medium', []],
    ['gpt-5', { type: 'adaptive' }, 'high', 'high', []],
    ['gpt-5', { type: 'adaptive' }, 'xhigh', 'high', []],
    ['gpt-5', { type: 'adaptive' }, 'max', 'high', []],
    ['gpt-5', undefined, 'low', 'low', []],
    ['gpt-5', enabled, 'low', 'low', []],
    ['gpt-5', { type: 'enabled', budget_tokens: 1024 }, undefined, 'low', []],
    ['gpt-5', { type: 'enabled', budget_tokens: 31_999 }, undefined, 'high', []]
  ]
  for (const [model, thinking, effort, expected, lost] of cases) {
    const { body, dropped } = encode('openai', { ...(thinking && { thinking }), ...(effort !== undefined && { output_config: { effort } }) }, { model })
    const what = `${model}: ${thinking?.type ?? 'absent'}, effort ${effort ?? 'absent'}`
    t.equal(body.reasoning_effort, expected, what)
    t.strictSame([...dropped].sort(), [...lost].sort(), what)
    t.strictSame(pick(body, ['reasoning', 'thinking', 'verbosity']), { reasoning: undefined, thinking: undefined, verbosity: undefined }, 'fields of other servers')
  }
  const off = encode('openai', { thinking: { type: 'disabled' }, output_config: { effort: 'high' } }, { model: 'gpt-5' })
  t.not(off.body.reasoning_effort, 'high', 'thinking that was turned off is not asked for')
  const options: TargetOptions = { model: 'my-reasoner', options: { reasoning_effort: true } }
  t.equal(encode('openai', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }, options).body.reasoning_effort, 'low', 'the option of a provider stands above the list')
  t.equal(encode('openai', { output_config: { effort: 'low' } }, { model: 'gpt-5', options: { reasoning_effort: false } }).body.reasoning_effort, undefined)
})

t.test('a format', async t => {
  const schema = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'], additionalProperties: false }
  const open = { type: 'object', properties: { title: { type: 'string' }, note: { type: 'string' } }, required: ['title'] }
  for (const name of both) {
    t.match(encode(name, { output_config: { format: { type: 'json_schema', schema } } }).body.response_format, { type: 'json_schema', json_schema: { name: /^[a-zA-Z0-9_-]+$/, schema, strict: true } }, name)
    t.strictSame(encode(name, { output_config: { format: { type: 'json_schema', schema } } }).dropped, [])
    t.match(encode(name, { output_config: { format: { type: 'json_schema', schema: open } } }).body.response_format, { json_schema: { schema: open, strict: false } }, 'strict schemas are closed, and require all')
    t.equal(encode(name, { output_config: { effort: null, format: null } }).body.response_format, undefined)
  }
  const closed = (properties: object, rest: object = {}): object => ({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false, ...rest })
  const schemas: [string, object, boolean][] = [
    ['nested', closed({ a: closed({ b: { type: ['string', 'null'], enum: ['x', null] } }), list: { type: 'array', items: closed({}) } }), true],
    ['one of several', closed({ a: { anyOf: [{ type: 'string' }, closed({})] } }), true],
    ['definitions', closed({ a: { $ref: '#/$defs/a' } }, { $defs: { a: closed({ allOf: { type: 'string' } }) }, $schema: 'http://json-schema.org/draft-07/schema#' }), true],
    ['a format', closed({ a: { type: 'string', format: 'date-time' } }), true],
    ['a free map', closed({ meta: { type: 'object' } }), false],
    ['a map of texts', closed({ meta: { type: 'object', additionalProperties: { type: 'string' } } }), false],
    ['an object or null that is open', closed({ meta: { type: ['object', 'null'], properties: {} } }), false],
    ['an open definition', closed({ a: { $ref: '#/$defs/a' } }, { $defs: { a: { type: 'object', properties: {} } } }), false],
    ['an open object in a list', closed({ a: { type: 'array', items: { type: 'object', properties: {} } } }), false],
    ['a list of anything', closed({ a: { type: 'array' } }), false],
    ['anything', closed({ a: {} }), false],
    ['oneOf', closed({ a: { oneOf: [{ type: 'string' }] } }), false],
    ['allOf', closed({ a: { type: 'string', allOf: [{ type: 'string' }] } }), false],
    ['a keyword beside a reference', closed({ a: { $ref: '#/$defs/a', description: 'x' } }, { $defs: { a: { type: 'string' } } }), false],
    ['another format', closed({ a: { type: 'string', format: 'uri' } }), false],
    ['a default', closed({ a: { type: 'string', default: 'x' } }), false],
    ['no object', { type: 'array', items: { type: 'string' } }, false]
  ]
  for (const [what, given, strict] of schemas) t.strictSame(encode('openai', { output_config: { format: { type: 'json_schema', schema: given } } }).body.response_format, { type: 'json_schema', json_schema: { name: 'response', schema: given, strict } }, what)
})

t.test('who asks', async t => {
  const device = 'd'.repeat(64)
  const claudeCode = JSON.stringify({ device_id: device, account_uuid: '', session_id: '11111111-2222-4333-8444-555555555555' })
  const current = encode('openrouter', { metadata: { user_id: claudeCode } }).body
  t.match(current, { session_id: '11111111-2222-4333-8444-555555555555', user: /^\S{8,256}$/ })
  t.notMatch(JSON.stringify(current), new RegExp(device), 'the device is told as a digest only')
  t.match(encode('openrouter', { metadata: { user_id: 'user_abc_account__session_99' } }).body, { session_id: '99', user: /^\S+$/ })
  const plain = encode('openrouter', { metadata: { user_id: 'alice@example.com' } }).body
  t.match(plain, { user: /^(?!.*alice)/, session_id: undefined })
  t.ok(String(encode('openrouter', { metadata: { user_id: `u_session_${'x'.repeat(1000)}` } }).body['session_id']).length <= 256)
  t.strictSame(pick(encode('openrouter', {}).body, ['user', 'session_id', 'metadata']), { user: undefined, session_id: undefined, metadata: undefined })

  const other = encode('openai', { metadata: { user_id: claudeCode } })
  t.notMatch(JSON.stringify(other.body), new RegExp(`${device}|11111111`))
  t.ok(other.dropped.includes('metadata'))
})

t.test('ids that the Messages API does not allow find the way back', async t => {
  const id = 'functions.Bash:0'
  for (const name of both) {
    const { message } = decode([chunk({ tool_calls: [{ index: 0, id, function: { name: 'Bash', arguments: '{}' } }] }), chunk({}, 'tool_calls')], { pair: name })
    const [block] = message?.content ?? []
    const given = block?.type === 'tool_use' ? block.id : ''
    t.match(given, /^[a-zA-Z0-9_-]+$/, name)
    const { messages } = encode(name, { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: message?.content }, { role: 'user', content: [result(given, 'x')] }] })
    t.match(messages.slice(1), [{ tool_calls: [{ id }] }, { tool_call_id: id }])
  }
})

t.test('reasoning returns to the provider that made it, as it was, and to no other', async t => {
  const details = [
    { type: 'reasoning.text', text: 'Let me ', index: 0, format: 'anthropic-claude-v1' },
    { type: 'reasoning.text', text: 'see.', index: 0, format: 'anthropic-claude-v1' },
    { type: 'reasoning.text', text: '', signature: 'sig==', index: 0, format: 'anthropic-claude-v1' },
    { type: 'reasoning.encrypted', data: 'opaque', id: 'rs_1', index: 1, format: 'openai-responses-v1' }
  ]
  const whole = [{ type: 'reasoning.text', text: 'Let me see.', signature: 'sig==', index: 0, format: 'anthropic-claude-v1' }, details[3]]
  const cases: [PairName, object[], object][] = [
    ['openrouter', details.map(detail => ({ content: '', reasoning: 'text' in detail ? detail.text : null, reasoning_details: [detail] })), { reasoning_details: whole }],
    ['openrouter', [{ reasoning_details: [details[3]] }], { reasoning_details: [details[3]] }],
    ['openai', [{ reasoning_content: 'Let me ' }, { reasoning_content: 'see.' }], { reasoning_content: 'Let me see.' }],
    ['openai', [{ reasoning: 'Let me see.' }], { reasoning: 'Let me see.' }]
  ]
  const fields = ['reasoning', 'reasoning_content', 'reasoning_details']
  for (const [pair, deltas, expected] of cases) {
    const { message } = decode([...deltas.map(delta => chunk(delta)), chunk({ tool_calls: [{ index: 0, id: 'call_1', function: { name: 'Read', arguments: '{}' } }] }), chunk({}, 'tool_calls')], { pair })
    const next = { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: message?.content }, { role: 'user', content: [result('call_1', 'x')] }] }
    const own = encode(pair, next).messages[1] ?? {}
    t.strictSame(pick(own, fields), { reasoning: undefined, reasoning_content: undefined, reasoning_details: undefined, ...expected }, `${pair}: ${Object.keys(expected).join()}`)
    const other = pair === 'openai' ? encode('openrouter', next) : encode('openai', next)
    t.strictSame(pick(other.messages[1] ?? {}, fields), { reasoning: undefined, reasoning_content: undefined, reasoning_details: undefined }, 'another kind')
    t.notMatch(JSON.stringify(other.body), /Let me see|opaque|sy1\./, 'nor as text')
    if (pair === 'openai') t.strictSame(pick(encode('openai', next, { model: 'another' }).messages[1] ?? {}, fields), { reasoning: undefined, reasoning_content: undefined, reasoning_details: undefined }, 'another model of the same server')
    if (pair === 'openai') t.strictSame(pick(encode('openai', next, { provider: 'another' }).messages[1] ?? {}, fields), { reasoning: undefined, reasoning_content: undefined, reasoning_details: undefined }, 'another server of the same kind')
  }
  const foreign = { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: [{ type: 'thinking', thinking: 'secret', signature: 'ErcBCkgIC' }, { type: 'redacted_thinking', data: 'ErcB' }, { type: 'text', text: 'b' }] }, { role: 'user', content: 'c' }] }
  for (const name of both) t.strictSame(encode(name, foreign).messages[1], { role: 'assistant', content: 'b' }, `${name}: signed by Anthropic`)
})

t.test('fragments of reasoning details belong together by type and index, also where they alternate', async t => {
  const fragments = [
    { type: 'reasoning.text', text: 'one', index: 0, format: 'anthropic-claude-v1' },
    { type: 'reasoning.encrypted', data: 'opaque', index: 1, format: 'anthropic-claude-v1' },
    { type: 'reasoning.text', text: '', signature: 'sig==', index: 0, format: 'anthropic-claude-v1' },
    { type: 'reasoning.text', text: 'two', index: 2, format: 'anthropic-claude-v1' }
  ]
  const { message } = decode([...fragments.map(fragment => chunk({ reasoning: fragment.text ?? null, reasoning_details: [fragment] })), chunk({ content: 'So.' }), chunk({}, 'stop')], { pair: 'openrouter' })
  const { messages } = encode('openrouter', { messages: [{ role: 'user', content: 'a' }, { role: 'assistant', content: message?.content }, { role: 'user', content: 'b' }] })
  t.strictSame(pick(messages[1] ?? {}, ['reasoning_details']), { reasoning_details: [{ ...fragments[0], signature: 'sig==' }, fragments[1], fragments[3]] })
})

t.test('a detail ends with its signature, and a signature that comes late finds its detail', async t => {
  const text = (value: string, rest: object = {}): object => ({ type: 'reasoning.text', text: value, format: 'anthropic-claude-v1', ...rest })
  const answer = { content: 'So.' }
  const withCall = { tool_calls: [{ index: 0, id: 'call_1', function: { name: 'Read', arguments: '{}' } }] }
  const two = [text('a', { signature: 'S1' }), text('b', { signature: 'S2' })]
  const signed = text('Hm.', { index: 0, signature: 'S1' })
  const late = text('', { index: 0, signature: 'S1' })
  const cases: [string, object[], object[]][] = [
    ['two of a plain reply', [{ choices: [{ message: { ...answer, reasoning_details: two }, finish_reason: 'stop' }] }], two],
    ['two unsigned of a plain reply', [{ choices: [{ message: { ...answer, reasoning_details: [text('a'), text('b')] }, finish_reason: 'stop' }] }], [text('a'), text('b')]],
    ['two of a stream', [chunk({ reasoning_details: [two[0]] }), chunk({ reasoning_details: [two[1]] }), chunk(answer, 'stop')], two],
    ['two under one index', [text('a', { index: 0, signature: 'S1' }), text('b', { index: 0 }), text('', { index: 0, signature: 'S2' })].map(detail => chunk({ reasoning_details: [detail] })).concat(chunk(answer, 'stop')), [text('a', { index: 0, signature: 'S1' }), text('b', { index: 0, signature: 'S2' })]],
    ['a signature behind a call', [chunk({ reasoning_details: [text('Hm.', { index: 0 })] }), chunk(withCall), chunk({ reasoning_details: [late] }), chunk({}, 'tool_calls')], [signed]],
    ['a signature between text and call', [chunk({ reasoning_details: [text('Hm.', { index: 0 })] }), chunk(answer), chunk({ reasoning_details: [late] }), chunk(withCall, 'tool_calls')], [signed]]
  ]
  for (const [name, chunks, expected] of cases) {
    const { message } = decode(chunks, { pair: 'openrouter' })
    const next = [{ role: 'user', content: 'a' }, { role: 'assistant', content: message?.content }, { role: 'user', content: message?.stop_reason === 'tool_use' ? [result('call_1', 'x')] : 'b' }]
    t.strictSame(pick(encode('openrouter', { messages: next }).messages[1] ?? {}, ['reasoning_details']), { reasoning_details: expected }, name)
  }
})

t.test('what cannot be carried is named, and everything else is not', async t => {
  const request = { context_management: { edits: [] }, container: 'c', mcp_servers: [], speed: 'fast', tools: [{ ...tool, defer_loading: true, input_examples: [] }, { type: 'bash_20250124', name: 'bash' }], output_config: { effort: null, task_budget: 5 }, stop_sequences: ['x'], stream: true, system: 's' }
  const expected = ['container', 'context_management', 'mcp_servers', 'output_config.task_budget', 'speed', 'tools.bash_20250124', 'tools.defer_loading', 'tools.input_examples']
  for (const name of both) {
    const { body, dropped } = encode(name, request)
    t.strictSame([...dropped].sort(), expected, name)
    t.notMatch(JSON.stringify(body), /context_management|mcp_servers|defer_loading|bash_2025/, 'a field that a server does not know may be refused')
  }
  t.ok(encode('openai', { service_tier: 'auto' }).dropped.includes('service_tier'))
  t.equal(encode('openrouter', { service_tier: 'auto' }).body['service_tier'], 'auto')
})

t.test('headers of OpenRouter name the application, where the configuration does', async t => {
  const { headers } = encode('openrouter', {}, { options: { site_url: 'https://example.com', app_title: 'Switchyard' } })
  t.match(headers, { 'http-referer': 'https://example.com', 'x-openrouter-title': 'Switchyard' })
  t.strictSame(Object.keys(encode('openrouter', {}).headers).sort(), ['accept', 'authorization', 'content-type'])
  const old = encode('openrouter', {}, { options: { referer: 'https://example.com', title: 'claude-code-router', providerOrder: ['a', 'b'], transforms: [] } })
  t.match(old.headers, { 'http-referer': 'https://example.com', 'x-openrouter-title': 'claude-code-router' }, 'as claude-code-router calls them')
  t.match(old.body, { provider: { order: ['a', 'b'] }, transforms: [] })
  t.equal(old.body['referer'] ?? old.body['title'] ?? old.body['providerOrder'] ?? encode('openrouter', {}, { options: { providerOrder: [] } }).body['provider'], undefined)
})
