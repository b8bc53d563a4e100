import type { Headers } from '../provider.ts'

/** The family of models that a name belongs to. */
export type Tier = 'opus' | 'sonnet' | 'haiku' | 'fable' | 'other'

/** Who asks: what a request has beside its body. */
export interface Caller {
  readonly headers: Headers
  /** The name of the key that was sent; undefined where none is needed. */
  readonly key: string | undefined
  /** The profile that the key goes by. */
  readonly profile?: string | undefined
}

/** What routing needs to know of a request, and nothing else. */
export interface RequestTraits extends Caller {
  /** The model as the client asked for it. */
  readonly model: string
  readonly tier: Tier
  readonly session: string | undefined
  readonly agent: string | undefined
  readonly parentAgent: string | undefined
  /** Whether an agent of the main loop's asks, and not the main loop. */
  readonly subagent: boolean
  /** Whether this is a small job beside the conversation: the title of a session. */
  readonly auxiliary: boolean
  /** `thinking.type`; `none` where the request says nothing of it. */
  readonly thinking: string
  /** `thinking.budget_tokens` */
  readonly budget: number | undefined
  /** `output_config.effort` */
  readonly effort: string | undefined
  /** Whether the user asked for it by the keyword, since the last prompt. */
  readonly ultrathink: boolean
  /** Images behind the last answer, those in results of tools among them. */
  readonly images: number
  /** Images before that. */
  readonly earlierImages: number
  readonly documents: number
  /** Names of the tools that may be called. */
  readonly tools: readonly string[]
  /** Types of the tools that have one of Anthropic's own. */
  readonly toolTypes: readonly string[]
  readonly structuredOutput: boolean
  readonly stream: boolean
  readonly maxTokens: number
  /** Tokens of the prompt, estimated from its text. */
  readonly estimate: number
  /** The larger of the estimate and the last real size of this conversation. */
  readonly promptTokens: number
  /** What the client's conversation is known by, for the size of its last prompt. */
  readonly conversation: string
  /** What stands in the tag by which a subagent's prompt names its model. */
  readonly subagentTag: string | undefined
}
