import { anthropic } from './anthropic.ts'
import { deepseek } from './deepseek.ts'
import { gemini } from './gemini.ts'
import type { Kind, KindName } from './kind.ts'
import { openai } from './openai.ts'
import { openrouter } from './openrouter.ts'
import { vllm } from './vllm.ts'

export type { Kind, KindName } from './kind.ts'

/** A scripted server for each family of providers. */
export const KINDS: Readonly<Record<KindName, Kind>> = { openai, openrouter, vllm, deepseek, gemini, anthropic }
