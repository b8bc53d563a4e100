import type { TextBlock } from '../wire/anthropic.ts'

/** How the prompt of an agent names the model that is to run it, as with claude-code-router. */
const OPEN = '<CCR-SUBAGENT-MODEL>'
const CLOSE = '</CCR-SUBAGENT-MODEL>'

type System = string | TextBlock[] | undefined

interface Tag {
  start: number
  end: number
  inside: string
}

/**
 * The `provider,model` that the first tag of a system prompt names; undefined without one, or where something else stands
 * in it. Claude Code puts the prompt of a custom agent at the head of the third block; it was the second once.
 */
export function subagentTag (system: System): string | undefined {
  for (const text of textsOf(system)) {
    const tag = findTag(text, 0)
    if (tag !== undefined) return isTarget(tag.inside) ? tag.inside : undefined
  }
  return undefined
}

/** The system prompt without its tags, which are not meant for the model; the same one where there is none. */
export function withoutSubagentTag<S extends System> (system: S): S | string | TextBlock[] {
  if (system === undefined || !textsOf(system).some(text => findTag(text, 0) !== undefined)) return system
  if (typeof system === 'string') return withoutTags(system)
  return system.flatMap(block => {
    const text = withoutTags(block.text)
    if (text === block.text) return [block]
    // The API takes no block of blanks alone.
    return text.trim() === '' ? [] : [{ ...block, text }]
  })
}

function textsOf (system: System): string[] {
  if (system === undefined) return []
  return typeof system === 'string' ? [system] : system.map(({ text }) => text)
}

function findTag (text: string, from: number): Tag | undefined {
  const open = text.indexOf(OPEN, from)
  const close = open === -1 ? -1 : text.indexOf(CLOSE, open)
  if (close === -1) return undefined
  // The nearest before the end: a prompt that merely speaks of an opening one must not lose all that follows it.
  const start = text.lastIndexOf(OPEN, close)
  return { start, end: close + CLOSE.length, inside: text.slice(start + OPEN.length, close).trim() }
}

function withoutTags (text: string): string {
  let rest = ''
  let at = 0
  for (let tag = findTag(text, 0); tag !== undefined; tag = findTag(text, at)) {
    rest += text.slice(at, tag.start)
    at = tag.end
  }
  return at === 0 ? text : rest + text.slice(at)
}

function isTarget (text: string): boolean {
  const comma = text.indexOf(',')
  return comma > 0 && comma < text.length - 1
}
