import type { FastifyInstance } from 'fastify'
import adapters from '../providers/adapters/index.ts'
import anthropic from '../providers/anthropic/index.ts'
import deepseek from '../providers/deepseek.ts'
import demo from '../providers/demo/index.ts'
import gemini from '../providers/gemini/index.ts'
import kit from '../providers/kit.ts'
import openai from '../providers/openai.ts'
import openrouter from '../providers/openrouter/index.ts'
import vllm from '../providers/vllm/index.ts'

/** Registers every provider that is built in. The order is that in which a URL is looked up, and in which problems list them. */
export function registerProviders (app: FastifyInstance): void {
  for (const provider of [openrouter, gemini, vllm, deepseek, anthropic, openai, demo, adapters, kit]) app.register(provider)
}
