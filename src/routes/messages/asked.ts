import { conversationKey } from '../../message/conversation-key.ts'
import { longToolNames } from '../../message/tool-names.ts'
import { toolIdsOf } from '../../message/turns.ts'
import type { Asked } from '../../provider.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'

/** What of a request is needed when its reply comes. */
export function askedOf (body: MessagesRequest): Asked {
  return {
    model: body.model,
    stream: body.stream === true,
    thinking: body.thinking ?? null,
    stop_sequences: body.stop_sequences ?? null,
    conversation: conversationKey(body),
    maxCalls: body.tool_choice?.disable_parallel_tool_use === true ? 1 : Infinity,
    toolIds: toolIdsOf(body.messages),
    toolNames: longToolNames(body.tools)
  }
}
