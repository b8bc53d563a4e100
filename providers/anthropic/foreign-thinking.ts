import { isSealed } from '../../src/message/envelope.ts'
import { isOurServerToolId } from '../../src/message/ids.ts'
import type { ForeignPart } from '../../src/message/splice.ts'
import type { Target } from '../../src/provider.ts'
import { isJsonObject } from '../../src/wire/json.ts'

/** Who made a thinking block that passed through: servers of one host read each other's. */
export function familyOf ({ provider: { url } }: Target): string {
  return `anthropic/${url.host}`
}

/**
 * What this server did not make and would refuse: thinking that the gateway sealed for another wire, that passed through
 * from another host, or that nobody signed; and searches that ran elsewhere, whose results lack what it encrypts.
 */
export function foreignTo (target: Target): ForeignPart {
  const family = familyOf(target)
  const { memory } = target.provider
  return block => {
    switch (block.type) {
      case 'thinking': return isOthers(block.signature ?? '') ? 'block' : undefined
      case 'redacted_thinking': return isOthers(block.data) ? 'block' : undefined
      case 'server_tool_use': return isOurServerToolId(block.id) ? 'block' : undefined
      case 'web_search_tool_result': return isOurServerToolId(block.tool_use_id) ? 'block' : undefined
      case 'text': return block.citations?.some(citation => isJsonObject(citation) && citation['encrypted_index'] === '') ? 'citations' : undefined
      default: return undefined
    }
  }

  function isOthers (signature: string): boolean {
    if (signature === '' || isSealed(signature)) return true
    const signer = memory.signer(signature)
    return signer !== undefined && signer !== family
  }
}
