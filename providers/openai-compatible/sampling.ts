import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { ChatRequest } from '../../src/wire/openai-chat.ts'

/** Temperature and top_p mean the same on both wires. */
export function encodeSampling (body: ChatRequest, { temperature, top_p: topP }: MessagesRequest): void {
  if (typeof temperature === 'number') body.temperature = temperature
  if (typeof topP === 'number') body.top_p = topP
}
