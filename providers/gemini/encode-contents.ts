import { conversationOf } from '../../src/message/conversation-key.ts'
import type { Losses } from '../../src/message/losses.ts'
import { systemBlocks } from '../../src/message/system.ts'
import { toConversation } from '../../src/message/turns.ts'
import type { ClientHead, Target } from '../../src/provider.ts'
import type { MessagesRequest } from '../../src/wire/anthropic.ts'
import type { GeminiContent, GeminiPart, GeminiRequest } from '../../src/wire/gemini.ts'
import { encodeModel } from './encode-model.ts'
import { encodeUser } from './encode-results.ts'
import type { ModelTraits } from './model.ts'

/** System prompt and conversation. */
export function encodeContents (request: MessagesRequest, traits: ModelTraits, { provider }: Target, losses: Losses, client: ClientHead | undefined): Pick<GeminiRequest, 'contents' | 'systemInstruction'> {
  const { leading, turns } = toConversation(request.messages)
  const system = [...systemBlocks(request.system), ...leading].map(({ text }) => ({ text }))
  const memory = provider.memory.of(conversationOf(request, client))
  const contents: GeminiContent[] = []
  const names = new Map<string, string>()
  for (const turn of turns) {
    if (turn.role === 'user') append(contents, 'user', encodeUser(turn, names, traits))
    else {
      for (const block of turn.blocks) if (block.type === 'tool_use') names.set(block.id, block.name)
      append(contents, 'model', encodeModel(turn.blocks, traits, memory))
    }
  }
  // Gemini 3 answers the user only; older models go on with a beginning of theirs.
  if (traits.generation >= 3 && contents.at(-1)?.role === 'model') {
    contents.pop()
    losses.add('messages.prefill')
  }
  return { contents, ...(system.length > 0 && { systemInstruction: { parts: system } }) }
}

/** Roles alternate, also where a turn held nothing for Gemini (another provider's reasoning only). */
function append (contents: GeminiContent[], role: GeminiContent['role'], parts: GeminiPart[]): void {
  if (parts.length === 0) return
  const last = contents.at(-1)
  if (last?.role === role) for (const part of parts) last.parts.push(part)
  else contents.push({ role, parts })
}
