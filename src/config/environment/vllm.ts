import type { EnvironmentPart } from './part.ts'
import type { VariableReader } from './variable-reader.ts'
import { isAnySet } from './variables.ts'

const LOCAL_URL = 'http://localhost:8000'
/** Stands for whatever the server serves (providers/vllm/probe.ts). */
const ANY_MODEL = 'default'
const VISION_MODEL = 'gpt-4-vision'

/**
 * A server of one's own; undefined where the environment has nothing of it. Beside a key for OpenRouter its address has to be
 * given: `VLLM_MODEL` alone may be there for `switchyard init`.
 */
export function vllmPart (read: VariableReader): EnvironmentPart | undefined {
  const { env } = read
  const signs = isAnySet(env, ['OPENROUTER_API_KEY']) ? ['VLLM_URL'] as const : ['VLLM_URL', 'VLLM_MODEL', 'VLLM_API_KEY', 'VISION_URL'] as const
  if (!isAnySet(env, signs)) return undefined
  const model = read.text('VLLM_MODEL') ?? ANY_MODEL
  const key = read.secret('VLLM_API_KEY')
  return {
    provider: {
      name: 'vllm',
      api_base_url: versioned(read.url('VLLM_URL') ?? LOCAL_URL),
      ...(key !== undefined && { api_key: key }),
      models: [model],
      transformer: { use: ['vllm'] },
      // Else there would be no need for another one that can: pictures of earlier turns become placeholders here.
      ...(isAnySet(env, ['VISION_URL']) && { capabilities: { '*': { vision: false } } })
    },
    router: { default: `vllm,${model}` }
  }
}

/** The server that requests with pictures go to; undefined without `VISION_URL`. */
export function visionPart (read: VariableReader): EnvironmentPart | undefined {
  const url = read.url('VISION_URL')
  if (url === undefined) return undefined
  const model = read.text('VISION_MODEL') ?? VISION_MODEL
  const key = read.secret('VISION_API_KEY')
  return {
    provider: { name: 'vision', api_base_url: versioned(url), ...(key !== undefined && { api_key: key }), models: [model] },
    router: { image: `vision,${model}` }
  }
}

/** These variables name a server, without the version of its API. */
function versioned (url: string): string {
  return /\/(?:v\d+\w*|chat\/completions)$/.test(new URL(url).pathname) ? url : `${url}/v1`
}
