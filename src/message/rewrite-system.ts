import type { TextBlock } from '../wire/anthropic.ts'
import { isAttribution } from './system.ts'

/** Where Claude Code's facts about the user's machine begin, which a prompt of one's own cannot know: of old, and by now. */
const MARKS = ['<env>', '# Environment\n'] as const

/**
 * A system prompt whose instructions are replaced up to the environment, as claude-code-router does for
 * `REWRITE_SYSTEM_PROMPT` (packages/core/src/utils/router.ts of its v2 line). It looks at the second block, for `<env>`;
 * Claude Code has an attribution line before that by now, and a heading in place of the tag, so here it is the first block
 * with one of the marks. The very same prompt where no block has one.
 */
export function rewriteSystem<S extends string | TextBlock[] | undefined> (system: S, text: string): S | TextBlock[] {
  if (typeof system !== 'object') return system
  for (const [index, block] of system.entries()) {
    const begin = isAttribution(block) ? -1 : beginOfFacts(block.text)
    if (begin !== -1) return system.with(index, { ...block, text: text + block.text.slice(begin) })
  }
  return system
}

/** From the last mark on: instructions may speak of it. */
function beginOfFacts (text: string): number {
  for (const mark of MARKS) {
    const begin = text.lastIndexOf(mark)
    if (begin !== -1) return begin
  }
  return -1
}
