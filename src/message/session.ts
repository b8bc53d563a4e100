import { createHash } from 'node:crypto'
import { isJsonObject, parseJson } from '../wire/json.ts'

/** Who speaks, from `metadata.user_id`. */
export interface ClientIdentity {
  /** A stable, opaque name of the user or device; nothing of the original can be read from it. */
  user: string
  /** The session, where the client tells one. */
  session: string | undefined
}

/**
 * Reads `metadata.user_id`: Claude Code puts a JSON string there (`device_id`, `account_uuid`, `session_id`); its
 * older form ends in `_session_<id>`; other clients send any string.
 */
export function identityOf (userId: string | null | undefined): ClientIdentity | undefined {
  if (userId === undefined || userId === null || userId === '') return undefined
  const json = parseObject(userId)
  if (json !== undefined) {
    const { device_id: device, account_uuid: account, session_id: session } = json
    const user = device || account ? `${String(device ?? '')}/${String(account ?? '')}` : userId
    return { user: digest(user), session: typeof session === 'string' ? session : undefined }
  }
  const [user = '', session] = userId.split('_session_')
  return { user: digest(user), session }
}

/** The session that `metadata.user_id` tells of, in either of its forms. */
export function sessionOf (userId: string | null | undefined): string | undefined {
  if (!userId) return undefined
  const session = parseObject(userId)?.['session_id'] ?? userId.split('_session_')[1]
  return typeof session === 'string' && session !== '' ? session : undefined
}

function parseObject (text: string): { [key: string]: unknown } | undefined {
  if (!text.startsWith('{')) return undefined
  const parsed = parseJson(text)
  return isJsonObject(parsed) ? parsed : undefined
}

function digest (text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
