import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Answers of real providers, kept beside the project and not in it; tests that replay them are skipped without. */
const FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'recorded')

/** Why recordings cannot be replayed; false where they can. */
export const missing: string | false = existsSync(FOLDER) ? false : 'there are no recordings at ../shared/recorded'

export interface Recording {
  /** `<provider>/<name>` */
  name: string
  status: number
  contentType: string
  /** Whether it is an event stream. */
  stream: boolean
  body: Buffer
}

/** All recordings of a provider. */
export function recordingsOf (provider: string): Recording[] {
  if (missing !== false) return []
  return readdirSync(join(FOLDER, provider)).sort().map(name => {
    const folder = join(FOLDER, provider, name)
    const { status, contentType } = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as { status: number, contentType: string }
    const stream = existsSync(join(folder, 'response.sse'))
    return { name: `${provider}/${name}`, status, contentType, stream, body: readFileSync(join(folder, stream ? 'response.sse' : 'response.json')) }
  })
}

/** The body of the request that a recording answers. */
export function recordedRequest (name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, name, 'request.json'), 'utf8'))
}

type Fields = Record<string, unknown>

/** What a recording says, read from it in the plainest way, and without any code of the gateway. */
export interface Told {
  text: string
  thinking: string
  calls: { name: string, input: unknown }[]
  /** The first reason to stop. */
  finish: string
  usage: { prompt: number, output: number, cached: number, written: number, reasoning: number }
  /** Whether it ends in an error. */
  failed: boolean
  details: Fields[]
}

export function told ({ body, stream }: Recording): Told {
  const documents = stream
    ? body.toString().split('\n').filter(line => line.startsWith('data: ') && line !== 'data: [DONE]').map(line => JSON.parse(line.slice(6)) as Fields)
    : [JSON.parse(body.toString()) as Fields]
  const choices = documents.flatMap(({ choices }) => (choices as Fields[] | undefined)?.slice(0, 1) ?? [])
  const deltas = choices.map(({ delta, message }) => (delta ?? message ?? {}) as Fields)
  const finish = String(choices.map(({ finish_reason: reason }) => reason).find(reason => typeof reason === 'string') ?? '')
  const texts = (field: string): string => deltas.map(delta => delta[field] ?? '').join('')
  return {
    text: texts('content'),
    thinking: texts('reasoning') !== '' ? texts('reasoning') : texts('reasoning_content'),
    calls: callsOf(deltas),
    finish,
    usage: usageOf(documents.map(({ usage }) => usage).filter(usage => usage != null).at(-1) as Fields | undefined),
    // A limit that was told before is the better word for what came after it.
    failed: finish !== 'length' && documents.some(({ error }) => error !== undefined),
    details: detailsOf(deltas.flatMap(({ reasoning_details: details }) => (details ?? []) as Fields[]))
  }
}

function callsOf (deltas: Fields[]): Told['calls'] {
  const calls: { name: string, input: string }[] = []
  for (const { tool_calls: fragments } of deltas) {
    for (const { index, function: part } of (fragments ?? []) as { index?: number, function: { name?: string, arguments: string } }[]) {
      const call = calls[index ?? calls.length] ??= { name: '', input: '' }
      call.name ||= part.name ?? ''
      call.input += part.arguments
    }
  }
  return calls.map(({ name, input }) => ({ name, input: JSON.parse(input) as unknown }))
}

/** The total tells what was answered: xAI leaves reasoning out of `completion_tokens`. */
function usageOf (usage: Fields | undefined): Told['usage'] {
  const { prompt_tokens: prompt = 0, total_tokens: total = 0 } = (usage ?? {}) as Record<string, number>
  const { cached_tokens: cached = 0, cache_write_tokens: written = 0 } = (usage?.['prompt_tokens_details'] ?? {}) as Record<string, number>
  const { reasoning_tokens: reasoning = 0 } = (usage?.['completion_tokens_details'] ?? {}) as Record<string, number>
  return { prompt, output: total - prompt, cached, written, reasoning }
}

/** Reasoning details with their fragments put together, as OpenRouter wants them back. */
function detailsOf (fragments: Fields[]): Fields[] {
  const whole = new Map<string, Fields>()
  for (const fragment of fragments) {
    const key = `${String(fragment['type'])} ${String(fragment['index'])}`
    const detail = whole.get(key) ?? {}
    for (const [field, value] of Object.entries(fragment)) {
      if (field === 'text' || field === 'summary') detail[field] = String(detail[field] ?? '') + String(value)
      else if ((value !== null && value !== '') || detail[field] === undefined) detail[field] = value
    }
    whole.set(key, detail)
  }
  return [...whole.values()]
}

/** Ways to cut a body into pieces. */
export const cuts = {
  whole: (body: Buffer): Buffer[] => [body],
  every: (size: number) => (body: Buffer): Buffer[] => Array.from({ length: Math.ceil(body.length / size) }, (_, i) => body.subarray(i * size, (i + 1) * size)),
  /** By chance, and yet the same in every run. */
  seeded: (seed: number) => (body: Buffer): Buffer[] => {
    const pieces: Buffer[] = []
    for (let at = 0, state = seed; at < body.length;) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      const size = 1 + state % 700
      pieces.push(body.subarray(at, at + size))
      at += size
    }
    return pieces
  },
  /** Before every byte that continues a character. */
  insideCharacters: (body: Buffer): Buffer[] => {
    const pieces: Buffer[] = []
    let from = 0
    for (const [at, byte] of body.entries()) {
      if ((byte & 0xC0) !== 0x80) continue
      pieces.push(body.subarray(from, at))
      from = at
    }
    return [...pieces, body.subarray(from)]
  }
}
