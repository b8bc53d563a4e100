import type { JsonValue } from '../wire/json.ts'
import { UNUSED } from './resolve.ts'
import { configSchema } from './schema.ts'

/** How a variable says what it says: `texts` is a list of them, `json` a list or an object as JSON5. */
export type SettingKind = 'text' | 'integer' | 'number' | 'flag' | 'texts' | 'json'

/** What is read of the schema of a setting. */
export interface SettingSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly JsonValue[]
  readonly anyOf?: readonly SettingSchema[]
  readonly pattern?: string
  readonly items?: SettingSchema
  readonly properties?: Readonly<Record<string, SettingSchema>>
  readonly default?: JsonValue
  readonly description?: string
}

/** A member of the configuration document that a variable of the environment can give. */
export interface Setting {
  /** As problems name it: `Stream.pingAfter`. */
  readonly path: string
  readonly steps: readonly string[]
  /** `SWITCHYARD_STREAM__PING_AFTER` */
  readonly variable: string
  readonly kind: SettingKind
  readonly schema: SettingSchema
}

/** With it begins every variable that gives a setting. */
export const PREFIX = 'SWITCHYARD_'

/** What old files may hold and nobody sets anew; `$schema` is for editors of files. */
const NO_SETTINGS: readonly string[] = ['$schema', 'HTTPS_PROXY', 'https_proxy', 'httpsProxy', 'Router.toolUse', ...UNUSED]

let known: readonly Setting[] | undefined

/** All of them, as the schema has them, those of an object behind it. Worked out when first asked for: most starts need none. */
export function allSettings (): readonly Setting[] {
  return (known ??= settingsOf(configSchema as unknown as SettingSchema, []))
}

function settingsOf ({ properties = {} }: SettingSchema, above: readonly string[]): Setting[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const steps = [...above, name]
    const path = steps.join('.')
    if (NO_SETTINGS.includes(path)) return []
    return [{ path, steps, variable: variableOf(steps), kind: kindOf(schema), schema }, ...settingsOf(schema, steps)]
  })
}

/** Steps are joined by two underscores, words by one: the name of a setting may hold one itself. */
function variableOf (steps: readonly string[]): string {
  return PREFIX + steps.map(step => step.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()).join('__')
}

function kindOf ({ type, anyOf, items }: SettingSchema): SettingKind {
  // Old files have numbers as texts, too: a variable of digits is a number.
  const types = anyOf === undefined ? [type ?? []].flat() : anyOf.flatMap(each => each.type ?? [])
  if (types.includes('integer')) return 'integer'
  if (types.includes('number')) return 'number'
  if (types.includes('boolean')) return 'flag'
  if (types.includes('array')) return items !== undefined && isWord(items) ? 'texts' : 'json'
  return types.includes('object') ? 'json' : 'text'
}

/** Whether it is a text without commas, so that several can be told apart by them: a target holds one. */
function isWord ({ type, enum: values, pattern }: SettingSchema): boolean {
  return values !== undefined || (type === 'string' && pattern === undefined)
}
