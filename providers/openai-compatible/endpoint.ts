/** The paths of servers' APIs, to which the endpoint's own is added: `/v1`, DeepSeek's `/beta`, Gemini's `/v1beta/openai`, Azure's deployments. */
const BASE = /^(.*\/(v\d+\w*(\/openai)?|beta|deployments\/[^/]+))?\/?$/

/** `api_base_url` is the endpoint itself; where it is the API's base, as most other tools want it, the path is added. A query stays. */
export function chatEndpoint (base: URL): URL {
  const url = new URL(base)
  if (BASE.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/$/, '')}/chat/completions`
  return url
}
