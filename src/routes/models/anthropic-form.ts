import { tierOf } from '../../routing/describe.ts'
import type { JsonObject } from '../../wire/json.ts'
import type { Model } from './catalogue.ts'
import type { Page } from './page.ts'

/** What stands for a day that is not known (https://platform.claude.com/docs/en/api/models-list). */
const UNKNOWN_DAY = '1970-01-01T00:00:00Z'

/** As an alias, since it is to be a JSON object. */
type Support = { supported: boolean }

/** A model as Anthropic's API describes one. */
export function anthropicModel ({ id, name, target }: Model): JsonObject {
  const { model, capabilities: { contextWindow = null, maxOutput = null } } = target
  const tier = tierOf(model)
  return {
    type: 'model',
    id,
    display_name: name,
    created_at: UNKNOWN_DAY,
    max_input_tokens: contextWindow,
    max_tokens: maxOutput,
    capabilities: capabilitiesOf(target),
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
    line: tier === 'other' ? null : tier
  }
}

/**
 * What goes through to the model. Where it is not known whether the model can, the gateway sends it there; what only
 * Anthropic's own wire carries, is supported where that is spoken.
 */
function capabilitiesOf ({ capabilities: { vision, thinking }, provider: { pair } }: Model['target']): JsonObject {
  const is = (supported: boolean): Support => ({ supported })
  const native = is(pair.wire === 'anthropic')
  const sees = is(vision !== false)
  const thinks = is(thinking !== false)
  return {
    batch: is(false),
    citations: native,
    code_execution: native,
    context_management: { ...native, clear_thinking_20251015: native, clear_tool_uses_20250919: native, compact_20260112: native },
    effort: { ...thinks, low: thinks, medium: thinks, high: thinks, xhigh: thinks, max: thinks },
    image_input: sees,
    pdf_input: is(sees.supported && (native.supported || pair.inlinesMedia === true)),
    server_tools: { ...native, code_execution: native, web_search: native },
    structured_outputs: is(true),
    thinking: { ...thinks, types: { adaptive: thinks, between_tools: is(false), disabled: is(true), enabled: thinks } }
  }
}

/** A page of a list as Anthropic's API has it. */
export function anthropicList ({ models, hasMore }: Page): object {
  return { data: models.map(anthropicModel), first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null, has_more: hasMore }
}
