import { isSealed } from '../../src/message/envelope.ts'
import type { IsForeign } from '../../src/message/splice.ts'
import type { Target } from '../../src/provider.ts'

/** Who made a thinking block that passed through: servers of one host read each other's. */
export function familyOf ({ provider: { url } }: Target): string {
  return `anthropic/${url.host}`
}

/**
 * Thinking that this server did not make: what the gateway sealed for another wire, what passed through from another
 * host, and blocks that hold nothing, neither text nor signature (the gateway's own sign of life in a long silence).
 */
export function foreignTo (target: Target): IsForeign {
  const family = familyOf(target)
  const { memory } = target.provider
  return block => {
    if (block.type !== 'thinking' && block.type !== 'redacted_thinking') return false
    const signature = block.type === 'thinking' ? block.signature ?? '' : block.data
    if (signature === '') return block.type === 'thinking' && block.thinking === ''
    if (isSealed(signature)) return true
    const signer = memory.signer(signature)
    return signer !== undefined && signer !== family
  }
}
