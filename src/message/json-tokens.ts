import { textMemo } from './token-memo.ts'

/** Schemas and arguments are counted no deeper: nobody writes them so. */
const MAX_DEPTH = 64
/** What stands around keys and values: `":"`, `","` and `":{"` are a token each, and `},` goes with them now and then. */
const ENTRY_TOKENS = 1.75
const ITEM_TOKENS = 0.9

/** About how many tokens a value has as JSON without blanks. */
export function jsonTokens (value: unknown): number {
  return Math.round(tokensOf(value, 0)) + 1
}

function tokensOf (value: unknown, depth: number): number {
  if (typeof value === 'string') return textMemo.tokens(value)
  if (typeof value === 'number') return textMemo.tokens(String(value))
  if (typeof value !== 'object' || value === null) return 1
  let tokens = 0
  if (depth === MAX_DEPTH) return tokens
  if (Array.isArray(value)) for (const item of value) tokens += tokensOf(item, depth + 1) + ITEM_TOKENS
  else for (const key in value) tokens += textMemo.tokens(key) + tokensOf((value as Record<string, unknown>)[key], depth + 1) + ENTRY_TOKENS
  return tokens
}
