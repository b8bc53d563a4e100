import { randomBytes } from 'node:crypto'

const LEGAL = /^[a-zA-Z0-9_-]+$/
/** Marks a tool id that stands for one the Messages API would not allow. */
const STAND_IN = 'toolu_sy_'
const OUR_SERVER_TOOL = 'srvtoolu_sy_'

/** Ids of this process: 96 random bits that no other process has, and a number. Workers allow nothing random before a request is there. */
let run: string | undefined
let count = 0

function unique (): string {
  run ??= randomBytes(12).toString('hex')
  return run + (++count).toString(16).padStart(8, '0')
}

/** A message id that no other answer has: Claude Code joins answers of the same id into one turn. */
export function newMessageId (): string {
  return `msg_${unique()}`
}

/** The same for an answer on the chat-completions wire. */
export function newCompletionId (): string {
  return `chatcmpl-${unique()}`
}

/** A tool-use id, for providers that send none. */
export function newToolId (): string {
  return `toolu_${unique()}`
}

/** An id for a search that a provider other than Anthropic ran. */
export function newServerToolId (): string {
  return OUR_SERVER_TOOL + unique()
}

/** Whether a search was told under an id of ours. */
export function isOurServerToolId (id: string): boolean {
  return id.startsWith(OUR_SERVER_TOOL)
}

/** An id for a request, sent back as `request-id`. */
export function newRequestId (): string {
  return `req_${unique()}`
}

/**
 * A tool id as the Messages API allows it (letters, digits, `_`, `-`). An id of another form, such as Kimi's
 * `functions.Bash:0`, is carried inside a legal one, so that it needs no memory to find the way back.
 */
export function legalToolId (id: string): string {
  return LEGAL.test(id) ? id : STAND_IN + Buffer.from(id).toString('base64url')
}

/** The id that the provider gave: the inverse of {@link legalToolId}. */
export function originalToolId (id: string): string {
  return id.startsWith(STAND_IN) ? Buffer.from(id.slice(STAND_IN.length), 'base64url').toString() : id
}
