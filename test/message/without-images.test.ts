import t from 'tap'
import { UNSEEN_IMAGE, withoutImages } from '../../src/message/without-images.ts'
import type { CacheControl, ContentBlock, MessageParam } from '../../src/wire/anthropic.ts'

const ephemeral: CacheControl = { type: 'ephemeral' }
const text = (value: string): ContentBlock => ({ type: 'text', text: value })
const image = (rest: { cache_control?: CacheControl } = {}): ContentBlock => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' }, ...rest })
const result = (content: string | ContentBlock[]): ContentBlock => ({ type: 'tool_result', tool_use_id: 'a', content })
const note = text(UNSEEN_IMAGE)
const user = (...content: ContentBlock[]): MessageParam => ({ role: 'user', content })
const assistant = (...content: ContentBlock[]): MessageParam => ({ role: 'assistant', content })

t.test('every image becomes a note, also in results of tools and in documents', async t => {
  const document = (content: ContentBlock[]): ContentBlock => ({ type: 'document', title: 'Report', source: { type: 'content', content } })
  const { messages, count } = withoutImages([
    user(image(), text('What is this?')),
    assistant({ type: 'tool_use', id: 'a', name: 'Read', input: {} }),
    user(result([text('a.png'), image(), image()]), document([text('Page'), image()]), result([document([image()])]))
  ], 'all')
  t.strictSame(messages, [
    user(note, text('What is this?')),
    assistant({ type: 'tool_use', id: 'a', name: 'Read', input: {} }),
    user(result([text('a.png'), note, note]), document([text('Page'), note]), result([document([note])]))
  ])
  t.equal(count, 5)
})

t.test('a mark for the prompt cache stays where it was', async t => {
  const marked: ContentBlock = { type: 'tool_result', tool_use_id: 'a', content: [image({ cache_control: ephemeral })], cache_control: ephemeral }
  const { messages } = withoutImages([user(image({ cache_control: ephemeral }), marked)], 'all')
  t.strictSame(messages, [user({ type: 'text', text: UNSEEN_IMAGE, cache_control: ephemeral }, { ...marked, content: [{ type: 'text', text: UNSEEN_IMAGE, cache_control: ephemeral }] })])
})

t.test('earlier ones alone: what came since the last answer stays', async t => {
  const last = [user(image()), user(result([image()])), { role: 'system' as const, content: 'A reminder.' }]
  const { messages, count } = withoutImages([user(image()), assistant(text('A cat.')), user(image()), assistant(text('A dog.')), ...last], 'earlier')
  t.strictSame(messages.slice(0, 4), [user(note), assistant(text('A cat.')), user(note), assistant(text('A dog.'))])
  t.equal(count, 2)
  for (const [i, message] of last.entries()) t.equal(messages[4 + i], message)
})

t.test('without an answer yet, none is earlier', async t => {
  const given = [user(image()), user(text('And?'))]
  const { messages, count } = withoutImages(given, 'earlier')
  t.equal(messages, given)
  t.equal(count, 0)
})

t.test('messages without images are the very same, the ones given are not changed', async t => {
  const plain: MessageParam[] = [
    { role: 'user', content: 'Hello' }, assistant(text('Hi')),
    user(result('text'), result([text('x')]), { type: 'tool_result', tool_use_id: 'b' },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } }, { type: 'document', source: { type: 'content', content: 'text' } },
      { type: 'document', source: { type: 'content', content: [text('x')] } })
  ]
  t.equal(withoutImages(plain, 'all').messages, plain)

  const seen = user(text('Look'), image())
  const given = [...plain, seen]
  const copy = structuredClone(given)
  const { messages } = withoutImages(given, 'all')
  t.strictSame(given, copy)
  for (const [i, message] of plain.entries()) t.equal(messages[i], message)
  const [look] = messages[3]?.content as ContentBlock[]
  t.equal(look, seen.content[0])
})
