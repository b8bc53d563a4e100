import JSON5 from 'json5'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import { ConfigError } from './config-error.ts'
import { TOO_DEEP, isTooDeep } from './depth.ts'
import { DOCUMENT_VARIABLE, type GivenSetting, givenDocument, givenSettings, withSettings, writtenSettings } from './environment-settings.ts'
import { type Environment, documentFromEnvironment } from './environment.ts'

/** Where a document is from that stands nowhere: the variables of single settings, and those of other gateways. */
export const ENVIRONMENT = 'the environment'

/**
 * The document of a text. JSON5: comments and trailing commas are welcome.
 * @param source where the text is from, for the error
 * @throws {ConfigError} where it is none
 */
export function parseDocument (text: string, source: string): JsonObject {
  const document = parse(text, source)
  if (!isJsonObject(document)) throw new ConfigError(source, ['the document: must be an object'])
  if (isTooDeep(document)) throw new ConfigError(source, [TOO_DEEP])
  return document
}

/**
 * The document that stands in the place of a file, settings of single variables not in it yet.
 * @param given those settings: who gives providers of his own wants no others, and must say which one is the default
 * @throws {ConfigError} where `SWITCHYARD_CONFIG` is no document
 */
export function documentWithoutFile (env: Environment, processEnv: NodeJS.ProcessEnv, given: readonly GivenSetting[]): { document: JsonObject, source: string } {
  const text = givenDocument(processEnv)
  if (text !== undefined) return { document: parseDocument(text, DOCUMENT_VARIABLE), source: DOCUMENT_VARIABLE }
  return { document: given.some(({ path }) => path === 'Providers') ? { Router: {} } : documentFromEnvironment(env), source: ENVIRONMENT }
}

/**
 * What the environment alone configures, as someone would write it into a file: `$OPENROUTER_API_KEY`, `$APIKEY` and the like
 * in place of what they hold. What stands within JSON5 stays as it was given.
 * @throws {ConfigError} where `SWITCHYARD_CONFIG` is no document
 */
export function writtenFromEnvironment (env: Environment, processEnv: NodeJS.ProcessEnv): JsonObject {
  const given = givenSettings(env, processEnv, [])
  return withSettings(documentWithoutFile(env, processEnv, given).document, writtenSettings(given))
}

function parse (text: string, source: string): unknown {
  try {
    return JSON5.parse(text)
  } catch (error) {
    throw new ConfigError(source, [(error as Error).message.replace(/^JSON5: /, '')])
  }
}
