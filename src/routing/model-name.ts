import type { Target } from '../provider.ts'

/** Before the name of a rule: a model by which a request asks for that rule. */
export const VIRTUAL = 'switchyard/'
/**
 * Before any other name: the same, under a name that Claude Code takes for a model. Of what a gateway lists it shows what begins
 * so (https://code.claude.com/docs/en/llm-gateway-protocol).
 */
export const ALIAS = 'claude/'
/** Claude Code takes a model whose name ends so for one with a window of a million tokens, and cuts it off before it asks. */
export const LONG = '[1m]'

const LONG_END = /\[1m\]$/i

/** The name behind an alias; any other name is its own. */
export function withoutAlias (model: string): string {
  return model.startsWith(ALIAS) ? model.slice(ALIAS.length) : model
}

/** A name without the mark of a long window at its end. */
export function withoutLong (model: string): string {
  return model.replace(LONG_END, '')
}

/** The rule that a model stands for, by the name that `x-router-rule` has; undefined for a model that stands for none. */
export function ruleOf (model: string): string | undefined {
  const name = withoutLong(withoutAlias(model))
  return name.startsWith(VIRTUAL) ? name.slice(VIRTUAL.length) : undefined
}

/**
 * The target that a request names by `provider,model`, or by an alias of it. The mark of a long window may be there or not,
 * wherever the name is known otherwise.
 * @param find the target of exactly that name
 */
export function namedTarget (model: string, find: (name: string) => Target | undefined): Target | undefined {
  if (!model.includes(',')) return undefined
  const name = withoutAlias(model)
  const short = withoutLong(name)
  return find(model) ?? find(name) ?? find(short) ?? find(short + LONG)
}
