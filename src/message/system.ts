import type { TextBlock } from '../wire/anthropic.ts'

/**
 * The system prompt as text blocks, without empty ones and without the attribution line that Claude Code puts first:
 * api.anthropic.com strips it, to every other model it is mere prompt text (and differs from session to session).
 */
export function systemBlocks (system: string | TextBlock[] | undefined): TextBlock[] {
  if (system === undefined || system === '') return []
  if (typeof system === 'string') return [{ type: 'text', text: system }]
  return system.filter(block => block.text !== '' && !isAttribution(block))
}

/** Whether a system block is Claude Code's attribution line. */
export function isAttribution (block: TextBlock): boolean {
  return block.text.startsWith('x-anthropic-billing-header')
}
