import type { RequestTraits } from './traits.ts'

/** A trait that conditions of rules may ask for. */
export type ConditionTrait = { readonly about: string } & (
  | { readonly kind: 'text', of (traits: RequestTraits): string | readonly string[] | undefined }
  | { readonly kind: 'number', of (traits: RequestTraits): number | undefined }
  | { readonly kind: 'flag', of (traits: RequestTraits): boolean }
)

/** The one table of what `when` may hold: its schema, its checks and the table in docs/routing.md are made of it. */
export const TRAITS: Readonly<Record<string, ConditionTrait>> = {
  model: { kind: 'text', about: 'the model as the client names it', of: traits => traits.model },
  tier: { kind: 'text', about: '`opus`, `sonnet`, `haiku`, `fable` or `other`, by the model\'s name', of: traits => traits.tier },
  tokens: { kind: 'number', about: 'tokens of the prompt: the larger of the estimate and the last real size of this conversation', of: traits => traits.promptTokens },
  maxTokens: { kind: 'number', about: '`max_tokens`', of: traits => traits.maxTokens },
  thinking: { kind: 'text', about: '`thinking.type`, or `none`', of: traits => traits.thinking },
  budget: { kind: 'number', about: '`thinking.budget_tokens`', of: traits => traits.budget },
  effort: { kind: 'text', about: '`output_config.effort`', of: traits => traits.effort },
  ultrathink: { kind: 'flag', about: 'whether the prompt holds the keyword', of: traits => traits.ultrathink },
  image: { kind: 'flag', about: 'whether there is an image behind the last answer, results of tools and documents of blocks included', of: traits => traits.images > 0 },
  earlierImage: { kind: 'flag', about: 'whether there is one before that', of: traits => traits.earlierImages > 0 },
  document: { kind: 'flag', about: 'whether there is a document', of: traits => traits.documents > 0 },
  tool: { kind: 'text', about: 'names of the tools that may be called', of: traits => traits.tools },
  toolType: { kind: 'text', about: 'types of Anthropic\'s own tools, such as `web_search_20250305`', of: traits => traits.toolTypes },
  toolCount: { kind: 'number', about: 'how many tools there are', of: traits => traits.tools.length },
  structuredOutput: { kind: 'flag', about: 'whether a JSON Schema is given for the answer', of: traits => traits.structuredOutput },
  stream: { kind: 'flag', about: 'whether a stream is asked for', of: traits => traits.stream },
  subagent: { kind: 'flag', about: 'whether a subagent asks', of: traits => traits.subagent },
  auxiliary: { kind: 'flag', about: 'whether it is a small job beside the conversation, such as the title of a session', of: traits => traits.auxiliary },
  session: { kind: 'text', about: 'the session\'s id', of: traits => traits.session },
  agent: { kind: 'text', about: 'the subagent\'s id', of: traits => traits.agent },
  parentAgent: { kind: 'text', about: 'the id of the agent that called it', of: traits => traits.parentAgent },
  key: { kind: 'text', about: 'the name of the client\'s key (`Keys[].name`, `APIKEY`, `VALID_API_KEYS.1` …)', of: traits => traits.key }
}
