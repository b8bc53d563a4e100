import { jsonrepair } from 'jsonrepair'
import { endsInText } from '../../src/message/tool-input.ts'
import { isJsonObject, parseJson } from '../../src/wire/json.ts'

/**
 * Arguments of a tool call as JSON: trailing commas, single quotes, names without quotes, code fences and brackets that
 * were forgotten at the end are mended.
 * @returns the arguments as they are where they are JSON, or cannot be made an object
 */
export function mendArguments (text: string): string {
  if (text.trim() === '') return '{}'
  // What stops inside a text is left alone: half a file that is written, or half a command that is run, does more harm than a call that fails.
  if (parseJson(text) !== undefined || endsInText(text)) return text
  try {
    const mended = jsonrepair(text)
    return isJsonObject(JSON.parse(mended)) ? mended : text
  } catch {
    return text
  }
}
