import type { MessageSink } from './sink.ts'

const nothing = (): void => {}

/** Where a reply goes of which only the account is wanted. */
export const NOWHERE: MessageSink = { start: nothing, blockStart: nothing, delta: nothing, citation: nothing, blockStop: nothing, end: nothing, error: nothing }
