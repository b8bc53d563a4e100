import { isDeepStrictEqual } from 'node:util'
import { SCENARIOS } from '../../routing/router.ts'
import { type JsonObject, type JsonValue, isJsonObject } from '../../wire/json.ts'
import type { Config } from '../snapshot.ts'

/** What is new, gone, or not what it was; by name. */
export interface Changes {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

/** What comes of a change. */
export interface Effects {
  readonly providers: Changes
  /** `think`, `rules.night`, `profiles.cheap.think` …; a fallback belongs to its rule. */
  readonly rules: Changes
  /** Those that are removed lose access. One whose secret is another is both: removed, and added. */
  readonly keys: Changes
  /** Settings that hold only after a restart. */
  readonly restart: readonly string[]
}

/** A document, and what was made of it. */
export interface State { readonly document: JsonObject, readonly config: Config }

/** What comes of it when one state takes the place of another. */
export function effectsOf (before: State, after: State): Effects {
  return {
    // Targets of an entry that was not changed are the same object (src/config/resolve-provider.ts).
    providers: changesOf(before.config.providers, after.config.providers, (one, other) => one === other),
    rules: changesOf(rulesOf(before.document), rulesOf(after.document), isDeepStrictEqual),
    keys: keyChanges(before.config, after.config),
    restart: restartsOf(before.config, after.config)
  }
}

function changesOf<T> (before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>, isSame: (one: T, other: T) => boolean): Changes {
  return {
    added: [...after.keys()].filter(name => !before.has(name)),
    removed: [...before.keys()].filter(name => !after.has(name)),
    changed: [...after].flatMap(([name, value]) => before.has(name) && !isSame(before.get(name) as T, value) ? [name] : [])
  }
}

/** Rules by name, each with all that is said of it. */
function rulesOf ({ Router: router, fallback = {} }: JsonObject): Map<string, JsonValue> {
  if (!isJsonObject(router)) return new Map()
  const { profiles = {}, ...settings } = router
  const inProfiles = isJsonObject(profiles) ? Object.entries(profiles).flatMap(([name, profile]) => isJsonObject(profile) ? ofRouter(profile, fallback, `profiles.${name}.`) : []) : []
  return new Map([...ofRouter(settings, fallback, ''), ...inProfiles])
}

function ofRouter (router: JsonObject, fallbacks: unknown, prefix: string): [string, JsonValue][] {
  const behind = (name: string): JsonValue => isJsonObject(fallbacks) ? fallbacks[name] as JsonValue ?? null : null
  const scenarios = SCENARIOS.filter(name => router[name] !== undefined).map((name): [string, JsonValue] => {
    // It decides when this rule fires, and stands apart from it.
    const threshold = name === 'longContext' ? router['longContextThreshold'] as JsonValue ?? null : null
    return [prefix + name, [router[name] as JsonValue, behind(name), threshold]]
  })
  const own = Array.isArray(router['rules']) ? router['rules'] as JsonValue[] : []
  return [...scenarios, ...own.map((rule, i): [string, JsonValue] => [`${prefix}rules.${isJsonObject(rule) ? String(rule['name']) : i}`, rule])]
}

function keyChanges (before: Config, after: Config): Changes {
  const byName = ({ keys }: Config): Map<string, Config['keys'][number]> => new Map(keys.map(key => [key.identity.name, key]))
  const [known, now] = [byName(before), byName(after)]
  const { added, removed, changed } = changesOf(known, now, (one, other) => isDeepStrictEqual(one, other))
  const exchanged = changed.filter(name => known.get(name)?.secret !== now.get(name)?.secret)
  return { added: [...added, ...exchanged], removed: [...removed, ...exchanged], changed: changed.filter(name => !exchanged.includes(name)) }
}

function restartsOf (before: Config, after: Config): string[] {
  const settings: [name: string, of: (config: Config) => unknown][] = [
    ['HOST', config => config.host],
    ['PORT', config => config.port],
    ['Usage.enabled', ({ usage }) => usage.enabled],
    ['Usage.path', ({ usage }) => usage.store],
    ['Usage.commitWait', ({ usage }) => usage.commitWait],
    ['Usage.keepDays', ({ usage }) => usage.keepDays]
  ]
  return settings.filter(([, of]) => !isDeepStrictEqual(of(before), of(after))).map(([name]) => name)
}
