import type { Provider } from '../../src/provider.ts'

/**
 * The API's base, without a slash at its end. The models' collection, as claude-code-router's files name it, is taken off,
 * and so is the path of Google's OpenAI-compatible server, which stands beside this one.
 */
export function geminiBase (base: URL): URL {
  const url = new URL(base)
  const path = url.pathname.replace(/\/(models|openai)(\/.*)?$/, '').replace(/\/+$/, '')
  url.pathname = path === '' ? '/v1beta' : path
  return url
}

const urls = new WeakMap<Provider, Map<string, URL>>()

/** Where a model is asked. The same object every time: what undici needs of a URL is kept by it. */
export function modelUrl (provider: Provider, model: string, stream: boolean): URL {
  let known = urls.get(provider)
  if (known === undefined) urls.set(provider, known = new Map<string, URL>())
  const method = stream ? 'streamGenerateContent' : 'generateContent'
  const key = `${model}:${method}`
  let url = known.get(key)
  if (url === undefined) known.set(key, url = buildUrl(provider.url, model, method))
  return url
}

/** Tuned models have a collection of their own in their names (`tunedModels/…`). */
function buildUrl (base: URL, model: string, method: string): URL {
  const url = new URL(base)
  const resource = model.includes('/') ? model : `models/${model}`
  url.pathname = `${base.pathname}/${resource.split('/').map(encodeURIComponent).join('/')}:${method}`
  if (method === 'streamGenerateContent') url.searchParams.set('alt', 'sse')
  return url
}
