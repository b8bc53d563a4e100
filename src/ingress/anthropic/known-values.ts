import { invalidRequest } from '../../errors.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'

/** Values that the encoders know. The lists are open: what passes in its own bytes is the receiver's to judge. */
const KNOWN = {
  thinking: ['enabled', 'adaptive', 'disabled', 'between_tools'],
  tool_choice: ['auto', 'any', 'tool', 'none']
} as const

/** @throws {ApiError} for a value that would have to be guessed at */
export function checkKnownValues (request: MessagesRequest): void {
  for (const field of ['thinking', 'tool_choice'] as const) {
    const type = request[field]?.type
    const known: readonly string[] = KNOWN[field]
    if (type !== undefined && !known.includes(type)) throw invalidRequest(`${field}.type: Input should be ${known.slice(0, -1).map(quoted).join(', ')} or ${quoted(known.at(-1) ?? '')}`)
  }
}

function quoted (text: string): string {
  return `'${text}'`
}
