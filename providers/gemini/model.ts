import type { Target } from '../../src/provider.ts'
import type { ThinkingLevel } from '../../src/wire/gemini.ts'

/** In what models of this wire differ. */
export interface ModelTraits {
  /** The first major version (with a half) that it behaves like: 0 for what is not known to be a Gemini. */
  generation: number
  pro: boolean
  /** The lowest thinking level that it takes, from Gemini 3. */
  lowest: ThinkingLevel
  /** Whether it takes the level `MEDIUM`. */
  medium: boolean
  /** The most tokens that an answer may be asked to have. */
  maxOutput: number
}

const OLD = /gemini-(1|1\.\d|2\.0|pro|pro-vision)(-|$)/i
const NAME = /gemini-(?:(\d+)(?:\.(\d+))?-)?(pro|flash-lite|flash)?/i

/** A target is made once per configuration. */
const known = new WeakMap<Target, ModelTraits>()

/**
 * What a model is, by its name. A Gemini of an unknown version counts as a new one, as Google's aliases (`gemini-flash-latest`)
 * move on; the option `generation` says it for a model of any other name.
 */
export function traitsOf (target: Target): ModelTraits {
  let traits = known.get(target)
  if (traits === undefined) {
    const said = target.provider.options['generation']
    known.set(target, traits = read(target.model, typeof said === 'number' ? said : undefined))
  }
  return traits
}

function read (model: string, said: number | undefined): ModelTraits {
  const [, major, minor = '0', kind = ''] = NAME.exec(model) ?? []
  const version = major === undefined ? Infinity : Number(major) + Number(minor) / 10
  const generation = said ?? generationOf(model, version)
  const pro = kind.toLowerCase() === 'pro'
  // https://ai.google.dev/gemini-api/docs/thinking: MINIMAL is Flash's until 3.6, and Flash-Lite's; the first Pro of Gemini 3 has LOW and HIGH only.
  const minimal = kind.toLowerCase() === 'flash-lite' || (kind.toLowerCase() === 'flash' && version < 3.7)
  return { generation, pro, lowest: minimal ? 'MINIMAL' : 'LOW', medium: !(pro && version === 3), maxOutput: generation > 0 && generation < 2.5 ? 8192 : 65_536 }
}

function generationOf (model: string, version: number): number {
  if (!/gemini-/i.test(model)) return 0
  if (OLD.test(model) && !/-latest$/i.test(model)) return 2
  return version < 3 ? 2.5 : 3
}
