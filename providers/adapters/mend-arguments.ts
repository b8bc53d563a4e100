import { jsonrepair } from 'jsonrepair'
import { isJsonObject } from '../../src/wire/json.ts'

/**
 * Arguments of a tool call as JSON: trailing commas, single quotes, names without quotes, code fences and brackets that
 * were forgotten at the end are mended.
 * @returns the arguments as they are where they are JSON, or cannot be made an object
 */
export function mendArguments (text: string): string {
  if (text.trim() === '') return '{}'
  if (isJson(text) || endsInText(text)) return text
  try {
    const mended = jsonrepair(text)
    return isJsonObject(JSON.parse(mended)) ? mended : text
  } catch {
    return text
  }
}

function isJson (text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * Whether arguments stop inside a text. They are left alone: a file that is written by half, or half a command that is
 * run, does more harm than a call that fails.
 */
function endsInText (text: string): boolean {
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') quoted = !quoted
  }
  return quoted
}
