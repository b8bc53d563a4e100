import { compileGlobs } from '../glob.ts'
import type { Target } from '../target.ts'
import type { Identity } from './identity.ts'

const BRACES = /\{[^{}]*\}/g

type Check = (target: Target) => boolean

/** Compiled once for each key, and gone with it. */
const checks = new WeakMap<Identity, Check>()

/** Whether a key may use a target: its model and its provider. */
export function permits (identity: Identity, target: Target): boolean {
  let check = checks.get(identity)
  if (check === undefined) checks.set(identity, check = compile(identity))
  return check(target)
}

/** The targets that a key may use, in their order; the same list where it may use all of them. */
export function permitted (identity: Identity, targets: readonly Target[]): readonly Target[] {
  if (identity.models === null && identity.providers === null) return targets
  const allowed = targets.filter(target => permits(identity, target))
  return allowed.length === targets.length ? targets : allowed
}

function compile ({ models, providers }: Identity): Check {
  const ofModel = models === null ? undefined : compileModels(models)
  const ofProvider = providers === null ? undefined : compileGlobs(providers)
  return target => (ofModel?.(target) ?? true) && (ofProvider?.(target.provider.name) ?? true)
}

/** A glob with a comma is of `provider,model`, one without of the model alone: `o*` must not let in all of openrouter. */
function compileModels (globs: readonly string[]): Check {
  const full = globs.filter(namesProvider)
  const ofName = compileGlobs(full)
  const ofModel = compileGlobs(globs.filter(glob => !full.includes(glob)))
  return ({ model, name }) => ofModel(model) || ofName(name)
}

/** Whether a glob has a comma that does not part what stands in braces. */
function namesProvider (glob: string): boolean {
  let rest = glob
  for (let before = ''; before !== rest;) [before, rest] = [rest, rest.replace(BRACES, '')]
  return rest.includes(',')
}
