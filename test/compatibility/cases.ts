import { PNG } from '../claude-code/media.ts'
import { type Utterance, utterance } from '../helper/kinds/kind.ts'
import type { Case, Got, Ingress, Place, Step, Tool } from './case.ts'
import { formatOf, thinkingOf } from './wires.ts'

const HELLO = 'Grüße: 数字 and an emoji 👩🏽‍💻.\n\nA second paragraph with "quotes".'
const WEATHER: Tool = {
  name: 'weather',
  description: 'The weather of a city.',
  schema: { type: 'object', properties: { city: { type: 'string', description: 'Its name.' }, days: { type: 'integer' } }, required: ['city'] }
}
/** Of a structured answer. */
export const CITY = { type: 'object', properties: { name: { type: 'string' }, people: { type: 'integer' } }, required: ['name', 'people'], additionalProperties: false }
const BERN = { name: 'Bern', people: 134_506 }

/** An answer in which nothing is but what is named. */
function got (what: Partial<Got>): Got {
  return { text: '', thinking: '', calls: [], finish: 'stop', usage: { input: 10, output: 5 }, value: null, ...what }
}

const user = (said: Partial<Utterance>): Utterance => utterance('user', said)
const assistant = (said: Partial<Utterance>): Utterance => utterance('assistant', said)

const text: Case = {
  name: 'text',
  means: 'prompt and system prompt arrive; text, reason to stop and token counts are what the provider said',
  steps: () => [{
    ask: { system: 'Be brief.', prompt: 'Greet me: 数 👍' },
    play: { answers: [{ say: HELLO }] },
    gets: got({ text: HELLO }),
    arrives: { system: 'Be brief.', said: [user({ text: 'Greet me: 数 👍' })] }
  }]
}

/** The model calls, gets its results, and answers. */
function calling (calls: { id: string, input: { city: string } }[], results: string[]): Step[] {
  const prompt = 'What is the weather?'
  const made = calls.map(({ id, input }) => ({ id, name: WEATHER.name, input }))
  return [{
    ask: { prompt, tools: [WEATHER] },
    play: { answers: made.map(call => ({ call })) },
    gets: got({ calls: made.map(({ name, input }) => ({ name, input })), finish: 'calls' }),
    arrives: { tools: [WEATHER], said: [user({ text: prompt })] }
  }, {
    ask: { results },
    play: { answers: [{ say: 'Fine.' }] },
    gets: got({ text: 'Fine.' }),
    arrives: {
      tools: [WEATHER],
      said: [user({ text: prompt }), assistant({ calls: made }), user({ results: calls.map(({ id }, i) => ({ id, text: results[i] ?? '' })) })]
    }
  }]
}

const tools: Case = {
  name: 'tools',
  means: 'the tool\'s schema arrives; the call, its arguments and its id there and back; the answer to its result',
  steps: () => calling([{ id: 'call_a', input: { city: 'Zürich "HB"' } }], ['20 °C'])
}

const parallel: Case = {
  name: 'parallel tools',
  means: 'two calls in one answer, each with its own result',
  steps: () => calling([{ id: 'call_a', input: { city: 'Bern' } }, { id: 'call_b', input: { city: 'Rome' } }], ['20 °C', '25 °C'])
}

const image: Case = {
  name: 'image',
  means: 'the picture arrives byte for byte, in the provider\'s own form',
  steps: () => [{
    ask: { prompt: 'What colour is it?', image: PNG.toString('base64') },
    play: { answers: [{ say: 'Red.' }] },
    gets: got({ text: 'Red.' }),
    arrives: { said: [user({ text: 'What colour is it?', media: [PNG.toString('base64')] })] }
  }]
}

const thinking: Case = {
  name: 'thinking',
  means: 'thinking is asked for in the provider\'s own way and shown; it goes back with the results of the call that it led to',
  steps: place => [{
    ask: { prompt: 'Think about it.', tools: [WEATHER], thinks: true },
    play: { answers: [{ think: 'I shall – 数 👍 – look.\n' }, { call: { id: 'call_a', name: 'weather', input: { city: 'Bern' } } }] },
    gets: got({ thinking: 'I shall – 数 👍 – look.\n', calls: [{ name: 'weather', input: { city: 'Bern' } }], finish: 'calls' }),
    arrives: { thinking: thinkingOf(place), said: [user({ text: 'Think about it.' })] }
  }, {
    ask: { results: ['20 °C'] },
    play: { answers: [{ think: 'Warm.' }, { say: 'It is warm.' }] },
    gets: got({ thinking: 'Warm.', text: 'It is warm.' }),
    arrives: {
      said: [
        user({ text: 'Think about it.' }),
        assistant({ reasoning: ['I shall – 数 👍 – look.\n'], calls: [{ id: 'call_a', name: 'weather', input: { city: 'Bern' } }] }),
        user({ results: [{ id: 'call_a', text: '20 °C' }] })
      ]
    }
  }]
}

const structured: Case = {
  name: 'structured output',
  means: 'the schema arrives in the provider\'s own form; the SDK parses the answer',
  steps: place => [{
    ask: { prompt: 'Tell me about Bern.', schema: CITY },
    play: { answers: [{ say: JSON.stringify(BERN) }] },
    gets: got({ text: JSON.stringify(BERN), value: BERN }),
    arrives: { format: formatOf(place, CITY) }
  }]
}

/** What each SDK makes of an error of the provider's. */
const CLASSES: Record<Ingress, Record<'limit' | 'refusal' | 'full', { error: string, status?: number }>> = {
  anthropic: { limit: { error: 'RateLimitError' }, refusal: { error: 'BadRequestError' }, full: { error: 'OverloadedError', status: 529 } },
  openai: { limit: { error: 'RateLimitError' }, refusal: { error: 'BadRequestError' }, full: { error: 'InternalServerError', status: 503 } }
}

const error: Case = {
  name: 'error',
  means: 'a refusal, a rate limit with its delay, and an overload reach the client as its SDK\'s own classes, in the provider\'s words',
  steps: ({ kind, ingress }: Place) => {
    const { limit, refusal, full } = CLASSES[ingress]
    const failing = (status: number, words: string, told: { error: string, status?: number }, retryAfter?: number): Step => ({
      ask: { prompt: 'Hi' },
      play: { refuses: status, words, ...(retryAfter !== undefined && { retryAfter }) },
      gets: { status, retryAfter: retryAfter === undefined ? null : String(retryAfter), ...told, words: new RegExp(words) },
      arrives: { said: [user({ text: 'Hi' })] }
    })
    return [failing(400, 'No such parameter', refusal), failing(429, 'Slow down', limit, 7), failing(kind === 'anthropic' ? 529 : 503, 'No capacity', full)]
  }
}

const cut: Case = {
  name: 'cut',
  means: 'half an answer, by a broken connection or a silent end, is an error of the SDK\'s, and never an answer',
  steps: ({ form }) => (['a broken connection', 'an end'] as const).map(by => ({
    ask: { prompt: 'Tell me much.' },
    play: { halves: [{ say: HELLO }], by },
    gets: form === 'stream' ? { error: 'APIError', status: undefined, retryAfter: null, words: /./ } : { error: 'InternalServerError', status: 502, retryAfter: null, words: /./ },
    arrives: { said: [user({ text: 'Tell me much.' })] }
  }))
}

/** The columns of the table. */
export const CASES: readonly Case[] = [text, tools, parallel, image, thinking, structured, error, cut]
