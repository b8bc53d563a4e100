import { deepStrictEqual } from 'node:assert/strict'
import { pieces } from './script.js'

/** Every Messages stream of one text block. How many deltas the text comes in is the gateway's to choose. */
const GRAMMAR = /^message_start content_block_start (content_block_delta )+content_block_stop message_delta message_stop $/

/** How an answer is read, by wire: into its text, its reason to stop and its count of input tokens. */
const READERS = {
  chat: { document: readChatDocument, stream: readChatStream },
  messages: { document: readMessage, stream: readMessageStream }
}

/**
 * A check of answers to one request. An answer that is byte for byte one that passed before passes again.
 * @param {{ wire: 'chat' | 'messages', stream: boolean, count: number, inputTokens: number }} wanted
 * @returns {(bytes: Buffer) => void} throws when the answer is not whole
 */
export function createCheck ({ wire, stream, count, inputTokens }) {
  const read = READERS[wire][stream ? 'stream' : 'document']
  const wanted = { text: pieces(count).join(''), stop: wire === 'chat' ? 'stop' : 'end_turn', inputTokens }
  let good
  return bytes => {
    if (good?.equals(bytes)) return
    deepStrictEqual(read(bytes.toString()), wanted)
    good = bytes
  }
}

function readChatDocument (text) {
  const { choices: [{ message, finish_reason: stop }], usage } = JSON.parse(text)
  return { text: message.content, stop, inputTokens: usage.prompt_tokens }
}

function readChatStream (text) {
  const events = dataOf(text)
  deepStrictEqual(events.pop(), '[DONE]')
  const chunks = events.map(event => JSON.parse(event))
  const choices = chunks.flatMap(chunk => chunk.choices)
  return { text: choices.map(choice => choice.delta.content ?? '').join(''), stop: choices.at(-1).finish_reason, inputTokens: chunks.at(-1).usage.prompt_tokens }
}

function readMessage (text) {
  const { content: [block, ...others], stop_reason: stop, usage } = JSON.parse(text)
  deepStrictEqual(others, [])
  return { text: block.text, stop, inputTokens: usage.input_tokens }
}

function readMessageStream (text) {
  const events = dataOf(text).map(event => JSON.parse(event)).filter(event => event.type !== 'ping')
  const order = events.map(event => `${event.type} `).join('')
  if (!GRAMMAR.test(order)) throw new Error(`not the events of a message: ${order}`)
  const { delta, usage } = events.at(-2)
  return { text: events.map(event => event.delta?.text ?? '').join(''), stop: delta.stop_reason, inputTokens: usage.input_tokens }
}

/** The data of each event. A stream that was cut in the middle of one does not end in a blank line. */
function dataOf (text) {
  const events = text.split('\n\n')
  deepStrictEqual(events.pop(), '')
  return events.map(event => event.slice(event.indexOf('data: ') + 6))
}
