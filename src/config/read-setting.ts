import JSON5 from 'json5'
import type { JsonValue } from '../wire/json.ts'
import type { Setting } from './settings.ts'

/** What a variable says: the value, or what would be right. */
export type Said = { readonly value: JsonValue } | { readonly problem: string }

const NUMBERS = { integer: /^-?\d+$/, number: /^-?\d+(\.\d+)?$/ } as const
const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false }
/** What is told of a value that is no number: a short word at most, as whatever is longer may be a secret in the wrong place. */
const WORD = /^[\w.+-]{1,12}$/

/**
 * Reads the value of a variable as the schema wants it.
 * @returns the value as a file would hold it: dollar signs of texts are doubled, since they are no references; those of JSON5 may be
 */
export function readSetting ({ kind, schema }: Pick<Setting, 'kind' | 'schema'>, text: string): Said {
  const word = text.trim()
  switch (kind) {
    case 'text': return { value: literal(text) }
    case 'integer': return NUMBERS.integer.test(word) ? { value: Number(word) } : { problem: `must be a whole number${not(word)}` }
    case 'number': return NUMBERS.number.test(word) ? { value: Number(word) } : { problem: `must be a number${not(word)}` }
    case 'flag': return Object.hasOwn(FLAGS, word) ? { value: FLAGS[word] === true } : { problem: `must be true or false${not(word)}` }
    case 'texts': return word.startsWith('[') ? readJson5(word, '["…", "…"]') : { value: word.split(',').map(each => literal(each.trim())).filter(each => each !== '') }
    case 'json': return readJson5(text, schema.type !== 'array' ? '{ … }' : schema.items?.type === 'string' ? '["provider,model"]' : '[{ … }]')
  }
}

/** A text in the form of a file, where a dollar sign would begin a reference. */
export function literal (text: string): string {
  return text.replaceAll('$', '$$$$')
}

function readJson5 (text: string, form: string): Said {
  try {
    return { value: JSON5.parse<JsonValue>(text) }
  } catch (error) {
    return { problem: `must be JSON5, as in ${form}: ${(error as Error).message.replace(/^JSON5: /, '')}` }
  }
}

function not (word: string): string {
  return WORD.test(word) ? `, not "${word}"` : ''
}
