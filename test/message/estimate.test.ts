import { readFileSync, readdirSync } from 'node:fs'
import fc from 'fast-check'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import t from 'tap'
import { MESSAGE_TOKENS, blockTokens, contentTokens, estimateTokens, toolsTokens } from '../../src/message/estimate.ts'
import { jsonTokens } from '../../src/message/json-tokens.ts'
import { textMemo } from '../../src/message/token-memo.ts'
import { textTokens } from '../../src/message/text-tokens.ts'
import type { ContentBlock, MessageParam, ToolParam } from '../../src/wire/anthropic.ts'

const corpus = new URL('../fixtures/tokens/', import.meta.url)
const LIMIT = 0.08

const error = (estimate: number, text: string) => Math.abs(estimate / countTokens(text) - 1)
const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length
/** What one walk of these scans, in characters. */
const scanned = (walk: () => unknown) => {
  const before = textMemo.scanned
  walk()
  return textMemo.scanned - before
}

t.test('the mean error against o200k is under 8 % for each class of text', async t => {
  for (const folder of readdirSync(corpus)) {
    const files = readdirSync(new URL(`${folder}/`, corpus))
    t.ok(files.length >= 6, `${folder} has ${files.length} texts`)
    const errors = files.map(file => {
      const text = readFileSync(new URL(`${folder}/${file}`, corpus), 'utf8')
      return error(textTokens(text), text)
    })
    t.ok(mean(errors) < LIMIT, `${folder}: ${(mean(errors) * 100).toFixed(1)} %`)
    t.ok(Math.max(...errors) < 2 * LIMIT, `${folder}: at worst ${(Math.max(...errors) * 100).toFixed(1)} %`)
  }
})

t.test('any text ends, and costs something', async t => {
  t.equal(textTokens(''), 0)
  for (const text of ['a', ' ', '\n', '\t', '7', '.', '\uffff', 'a\uffffb', '\ud83d', '한', '　', '\u0301', ' 한', '\0', "it's", "'", 'a'.repeat(40_000), ' '.repeat(100_000), '한'.repeat(32_767) + '한국어', '-'.repeat(33_000)]) {
    const tokens = textTokens(text)
    t.ok(Number.isInteger(tokens) && tokens > 0, `${JSON.stringify(text.slice(0, 8))} × ${text.length}`)
    t.ok(tokens <= text.length * 1.1 + 2)
  }
})

t.test('a text longer than what is walked at once costs as its parts do', async t => {
  const text = readFileSync(new URL('prose/readme.md', corpus), 'utf8')
  t.ok(Math.abs(textTokens(text.repeat(20)) / (textTokens(text) * 20) - 1) < 0.005)
})

t.test('rules, indentation and base64 do not run away', async t => {
  for (const text of [`${'-'.repeat(400)}\n${'='.repeat(400)}\n`, `${' '.repeat(200)}x\n`.repeat(10), `│${'─'.repeat(200)}│\n`.repeat(5), Buffer.from(Uint8Array.from({ length: 3000 }, (_, at) => at * 7919 + (at * at >> 3))).toString('base64')]) {
    t.ok(error(textTokens(text), text) < 0.4, `${textTokens(text)} for ${countTokens(text)}`)
  }
})

t.test('system prompt, tools and messages are counted', async t => {
  const text = readFileSync(new URL('prose/system-prompt.txt', corpus), 'utf8')
  const messages: MessageParam[] = [{ role: 'user', content: 'Hello there!' }]
  const bare = estimateTokens({ messages })
  t.equal(bare, contentTokens('Hello there!') + MESSAGE_TOKENS)
  t.equal(estimateTokens({ messages, system: text }), bare + textTokens(text))
  t.equal(estimateTokens({ messages, system: [{ type: 'text', text }] }), bare + textTokens(text))
  t.equal(estimateTokens({ messages, tools: [tool('a')] }), bare + toolsTokens([tool('a')]))
  t.equal(estimateTokens({ messages: [] }), 0)
})

t.test('the JSON of schemas and arguments is counted as it would be written', async t => {
  const { tools, messages } = JSON.parse(readFileSync(new URL('json/messages-request.json', corpus), 'utf8')) as { tools: ToolParam[], messages: MessageParam[] }
  t.ok(error(toolsTokens(tools), JSON.stringify(tools)) < 0.15, `${toolsTokens(tools)} for ${countTokens(JSON.stringify(tools))}`)
  const input = JSON.parse(readFileSync(new URL('json/orders.json', corpus), 'utf8'))
  const block: ContentBlock = { type: 'tool_use', id: 'toolu_1', name: 'save', input }
  t.ok(error(blockTokens(block), JSON.stringify(input)) < 0.15, `${blockTokens(block)} for ${countTokens(JSON.stringify(input))}`)
  t.ok(contentTokens(messages[1]!.content) > 10)
})

t.test('each type of block', async t => {
  const text = 'The quick brown fox jumps over the lazy dog.'
  const tokens = textTokens(text)
  const base64 = 'QUJD'.repeat(50_000)
  const same: ContentBlock[] = [
    { type: 'text', text },
    { type: 'thinking', thinking: text, signature: base64 },
    { type: 'tool_result', tool_use_id: 'toolu_1', content: text },
    { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text }] },
    { type: 'document', source: { type: 'text', data: text } },
    { type: 'document', source: { type: 'content', content: [{ type: 'text', text }] } },
    { type: 'tool_reference', tool_name: text },
    { type: 'web_search_tool_result', tool_use_id: 'srv_1', content: [{ type: 'web_search_result', title: text, url: '', encrypted_content: base64, page_age: null }] },
    { type: 'search_result', title: '', source: '', content: [{ type: 'text', text }] }
  ]
  for (const block of same) t.equal(blockTokens(block), tokens, block.type)
  t.equal(blockTokens({ type: 'redacted_thinking', data: base64 }), 0)
  t.equal(blockTokens({ type: 'web_search_tool_result', tool_use_id: 'srv_1', content: { type: 'web_search_tool_result_error', error_code: 'unavailable' } }), 0)
  t.equal(blockTokens({ type: 'hologram', data: base64 } as unknown as ContentBlock), 0)
  t.equal(blockTokens({ type: 'document', title: text, context: text, source: { type: 'text', data: text } }), 3 * tokens)
  t.ok(blockTokens({ type: 'server_tool_use', id: 'srv_1', name: 'web_search', input: { query: text } }) > tokens)
  for (const type of ['server_tool_use', 'tool_reference']) t.ok(blockTokens({ type } as unknown as ContentBlock) < 5, `${type} with nothing in it`)
  t.equal(contentTokens(undefined), 0)
  t.equal(contentTokens(null), 0)
})

t.test('calls with one id and other arguments have their own counts', t => {
  const counted = (input: unknown): number => blockTokens({ type: 'tool_use', id: 'functions.MultiEdit:0', name: 'MultiEdit', input: input as never })
  /** What a call costs that nothing before it looks like. */
  const fresh = (input: unknown): number => textTokens('MultiEdit') + jsonTokens(input)
  const long = readFileSync(new URL('code/writer.ts.txt', corpus), 'utf8')
  const edits = (text: string): object => ({ file_path: '/a.ts', edits: [{ old_string: 'a', new_string: text }] })
  t.ok(counted(edits('b')) < 60)
  t.equal(counted(edits(long.repeat(10))), fresh(edits(long.repeat(10))), 'the long one is not taken for the short one')

  // Any two that are counted otherwise, one behind the other.
  const key = fc.constantFrom('a', 'b', 'path', 'a longer name of a member')
  const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
    tree: fc.oneof({ maxDepth: 4 }, fc.string({ maxLength: 30 }), fc.lorem({ maxCount: 12 }), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(key, tie('tree'), { maxKeys: 4 }))
  }))
  fc.assert(fc.property(fc.array(tree, { minLength: 2, maxLength: 6 }), inputs => {
    for (const input of inputs) if (counted(input) !== fresh(input)) return false
    return true
  }), { numRuns: 1500 })
  for (const pair of [[[['a'], 'b'], [['a', 'b']]], [{ a: { b: 1, c: 2 } }, { a: { b: 1 }, c: 2 }], [[1], [123_456_789.25]], [{ a: [] }, { a: {} }], [{ a: 'b' }, { a: ['b'] }]]) {
    for (const input of pair) t.equal(counted(input), fresh(input), JSON.stringify(input))
  }
  t.end()
})

t.test('what nests without end is counted to some depth', async t => {
  let input: Record<string, unknown> = {}
  let block: ContentBlock = { type: 'text', text: 'deep' }
  for (let depth = 0; depth < 20_000; depth++) {
    input = { input }
    block = { type: 'tool_result', tool_use_id: 'toolu_1', content: [block] }
  }
  t.ok(blockTokens({ type: 'tool_use', id: 'toolu_1', name: 'a', input: input as never }) < 1000)
  t.equal(blockTokens(block), 0)
})

function tool (name: string, description = `What ${name} does. `.repeat(40)): ToolParam {
  const properties = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`property_${index}`, { type: 'string', description: `Some words that say what ${name} wants here. `.repeat(index + 3) }]))
  return { name, description, input_schema: { type: 'object', properties, required: ['property_1'] } }
}

t.test('tools are walked once', async t => {
  const tools = () => Array.from({ length: 24 }, (_, index) => tool(`tool_${index}`))
  const first = scanned(() => toolsTokens(tools()))
  t.ok(first > 20_000)
  t.equal(scanned(() => toolsTokens(tools())), 0)
  t.equal(toolsTokens(tools()), toolsTokens(tools()))
  t.ok(scanned(() => toolsTokens([...tools(), tool('one_more')])) < JSON.stringify(tool('one_more')).length, 'but what is new')
  t.not(toolsTokens([tool('tool_1', 'Short.')]), toolsTokens([tool('tool_1')]))
  t.ok(toolsTokens([{ type: 'web_search_20250305', name: 'web_search' }]) > 0)
  t.equal(toolsTokens([{ type: 'mcp_toolset', mcp_server_name: 's' } as unknown as ToolParam]), MESSAGE_TOKENS, 'which has no name')
  for (const properties of [null, 'a', [1], { a: null, b: true, c: { description: { toString: 1 } } }]) t.ok(toolsTokens([{ name: 'odd', input_schema: { properties } }]) > 0)
  t.equal(toolsTokens(undefined), 0)
})

t.test('of a conversation that grows to 1 MB each turn scans only what is new', async t => {
  const file = readFileSync(new URL('code/writer.ts.txt', corpus), 'utf8')
  const turns = 100
  const turn = (number: number): MessageParam[] => [
    { role: 'assistant', content: [{ type: 'tool_use', id: `toolu_${number}`, name: 'Write', input: { path: 'a.ts', content: `// ${number}\n${file.slice(0, 4000)}` } }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${number}`, content: `${number}\n${file}` }] }
  ]
  const length = file.length + 4000 + 20
  let known = 0
  for (let count = 1; count <= turns; count++) {
    // Parsed anew, as each request is: no object and no string of the turn before comes again.
    const messages = JSON.parse(JSON.stringify(Array.from({ length: count }, (_, number) => turn(number)).flat())) as MessageParam[]
    const work = scanned(() => { known = estimateTokens({ messages }) })
    // Names and paths are so short that they are counted again.
    if (work > length + count * 40) t.fail(`turn ${count} scanned ${work} characters`)
  }
  t.ok(known > turns * textTokens(file))
  t.ok(length * turns > 1_000_000 - 20_000)
})
