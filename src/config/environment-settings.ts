import { type JsonObject, type JsonValue, isJsonObject } from '../wire/json.ts'
import { type Environment, overrides } from './environment.ts'
import { FOREIGN_VARIABLES } from './environment/variables.ts'
import { literal, readSetting } from './read-setting.ts'
import { PREFIX, allSettings } from './settings.ts'
import { nearest } from './nearest.ts'

/** Gives the whole document, as JSON5, in place of a file. */
export const DOCUMENT_VARIABLE = `${PREFIX}CONFIG`

/** Variables that are no settings, and have no prefix. */
const PLAIN: readonly (keyof Environment)[] = ['CONFIG_PATH', 'CONFIG_STORE', 'VALID_API_KEYS', 'DATABASE_URL', 'REDIS_URL', 'KEY_HASH_SECRET', 'OPENROUTER_API_KEY', 'OPENROUTER_BASE_URL', 'TARGET_MODEL_DEFAULT', ...FOREIGN_VARIABLES.filter(name => name !== 'API_KEY')]

/**
 * What Kubernetes (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables) sets by itself
 * where a service is called switchyard or switchyard-…; `SWITCHYARD_PORT` is a URL then.
 */
const SERVICE_LINK = /^SWITCHYARD_(?:[A-Z0-9_]+_)?(?:SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//

/** Settings whose values are not for everyone's eyes: a proxy may want a password. */
const SECRETS: readonly string[] = ['APIKEY', 'PROXY_URL']

/** A setting that a variable gives. */
export interface GivenSetting {
  readonly path: string
  readonly steps: readonly string[]
  readonly variable: string
  /** As a file would hold it. */
  readonly value: JsonValue
}

/**
 * The settings that the environment gives, the more specific ones later: they stand above the others. Of two variables for
 * the same setting the one with the prefix does, as it means this program and no other.
 * @param problems gets a line for each value that is none for its setting
 */
export function givenSettings (env: Environment, processEnv: NodeJS.ProcessEnv, problems: string[]): GivenSetting[] {
  const plain = Object.entries(overrides(env)).map(([path, value = null]): GivenSetting => ({ path, steps: [path], variable: path, value: typeof value === 'string' ? literal(value) : value }))
  const named = ownVariables(processEnv).flatMap(([variable, text]): GivenSetting[] => {
    const setting = allSettings().find(known => known.variable === variable)
    if (setting === undefined) return []
    const said = readSetting(setting, text)
    if ('value' in said) return [{ path: setting.path, steps: setting.steps, variable, value: said.value }]
    problems.push(`${variable}: ${said.problem}`)
    return []
  })
  return [...plain, ...named].sort((a, b) => a.steps.length - b.steps.length)
}

/** A document with the settings of the environment above its own; the one given stays as it is. */
export function withSettings (document: JsonObject, given: readonly GivenSetting[]): JsonObject {
  return given.reduce((above, { steps, value }) => withValue(above, steps, value), document)
}

/**
 * A line for each variable that has our prefix and gives nothing: a typo must not be silent.
 * @param document as it is written: variables that it refers to are its own
 */
export function unknownVariables (processEnv: NodeJS.ProcessEnv, document: JsonObject): string[] {
  const wrong = ownVariables(processEnv).map(([variable]) => variable).filter(variable => !allSettings().some(setting => setting.variable === variable))
  if (wrong.length === 0) return []
  const referred = new Set([...JSON.stringify(document).matchAll(/\$\{?(SWITCHYARD_\w+)/g)].map(([, name]) => name))
  return wrong.filter(variable => !referred.has(variable)).map(variable => `${variable}: there is no such setting${suggestion(variable)}`)
}

/** Problems of a document, with the variable beside the path where the setting came from one. */
export function withVariables (problems: readonly string[], given: readonly GivenSetting[]): string[] {
  return problems.map(problem => {
    const from = given.findLast(({ path, variable }) => variable !== path && problem.startsWith(path) && /[:.[]/.test(problem.charAt(path.length)))
    const end = from === undefined ? -1 : problem.indexOf(': ', from.path.length)
    return from === undefined || end === -1 ? problem : `${problem.slice(0, end)} (${from.variable})${problem.slice(end)}`
  })
}

/** The settings that the environment gives, with references in place of what is secret: as someone would write them. */
export function writtenSettings (given: readonly GivenSetting[]): GivenSetting[] {
  return given.map(setting => SECRETS.includes(setting.path) ? { ...setting, value: `$${setting.variable}` } : setting)
}

/** The text of a whole document that stands in the environment; an empty one is none. */
export function givenDocument (processEnv: NodeJS.ProcessEnv): string | undefined {
  return processEnv[DOCUMENT_VARIABLE] || undefined
}

/** Variables with our prefix that somebody set: an empty one is not set. */
function ownVariables (processEnv: NodeJS.ProcessEnv): [string, string][] {
  return Object.entries(processEnv).filter((entry): entry is [string, string] => {
    const [name, value] = entry
    return name.startsWith(PREFIX) && value !== undefined && value !== '' && name !== DOCUMENT_VARIABLE && !SERVICE_LINK.test(name) && !(name.endsWith('_PORT') && SERVICE_URL.test(value))
  })
}

function withValue (document: JsonObject, [step, ...rest]: readonly string[], value: JsonValue): JsonObject {
  if (step === undefined) return document
  if (rest.length === 0) return { ...document, [step]: value }
  const inner = document[step] ?? {}
  // What is no object stays, for the check of the form to say so.
  return isJsonObject(inner) ? { ...document, [step]: withValue(inner, rest, value) } : document
}

/** What was probably meant, or where to look. */
function suggestion (variable: string): string {
  const plain = PLAIN.find(name => PREFIX + name === variable)
  const whole = allSettings().find(setting => setting.schema.properties === undefined && variable.startsWith(`${setting.variable}__`))
  if (plain !== undefined) return `; did you mean ${plain}?`
  if (whole !== undefined) return `; ${whole.variable} is given as a whole`
  const names = [DOCUMENT_VARIABLE, ...allSettings().map(setting => setting.variable)]
  const near = nearest(variable.slice(PREFIX.length), names.map(name => name.slice(PREFIX.length)))
  return near === undefined ? '; docs/configuration.md lists them' : `; did you mean ${PREFIX}${near}?`
}
