// The programs by client and version. Each is loaded when it is needed, so that one that fails does so alone.
import { anthropicSdk } from './anthropic-sdk.js'
import { openaiSdk } from './openai-sdk.js'

const anthropic = name => async options => anthropicSdk((await import(name)).default, options)

const openai = name => async options => {
  const [{ default: OpenAI }, { zodResponseFormat }, zod] = await Promise.all([import(name), import(`${name}/helpers/zod`), zodFor(name)])
  return openaiSdk(OpenAI, options, zodResponseFormat, zod.object({ name: zod.string(), people: zod.number() }))
}

/** Version 4 knows only the zod of its time, which the later one brings along. */
async function zodFor (name) {
  return (await import(name === 'openai-4' ? 'zod/v3' : 'zod')).z
}

/** Each: the API that it speaks, and how the program is made. */
export const PROGRAMS = {
  '@anthropic-ai/sdk 1': { api: 'anthropic', make: anthropic('anthropic') },
  '@anthropic-ai/sdk 0.39': { api: 'anthropic', make: anthropic('anthropic-0.39') },
  '@anthropic-ai/sdk 0.30': { api: 'anthropic', make: anthropic('anthropic-0.30') },
  'openai 7': { api: 'openai', make: openai('openai') },
  'openai 6': { api: 'openai', make: openai('openai-6') },
  'openai 4': { api: 'openai', make: openai('openai-4') },
  'ai, @ai-sdk/anthropic': {
    api: 'anthropic',
    async make ({ url, key, model }) {
      const [{ vercelAi }, { createAnthropic }] = await Promise.all([import('./vercel-ai.js'), import('@ai-sdk/anthropic')])
      return vercelAi(createAnthropic({ baseURL: `${url}/v1`, apiKey: key })(model))
    }
  },
  'ai, @ai-sdk/openai-compatible': {
    api: 'openai',
    async make ({ url, key, model }) {
      const [{ vercelAi }, { createOpenAICompatible }] = await Promise.all([import('./vercel-ai.js'), import('@ai-sdk/openai-compatible')])
      return vercelAi(createOpenAICompatible({ name: 'switchyard', baseURL: `${url}/v1`, apiKey: key, includeUsage: true, supportsStructuredOutputs: true })(model))
    }
  },
  '@langchain/anthropic': {
    api: 'anthropic',
    async make ({ url, key, model }) {
      const [{ langChain }, { ChatAnthropic }] = await Promise.all([import('./langchain.js'), import('@langchain/anthropic')])
      return langChain(new ChatAnthropic({ model, anthropicApiUrl: url, apiKey: key, maxRetries: 0 }))
    }
  },
  '@langchain/openai': {
    api: 'openai',
    async make ({ url, key, model }) {
      const [{ langChain }, { ChatOpenAI }] = await Promise.all([import('./langchain.js'), import('@langchain/openai')])
      return langChain(new ChatOpenAI({ model, apiKey: key, maxRetries: 0, configuration: { baseURL: `${url}/v1` } }))
    }
  }
}
