/** `api_base_url` is the endpoint itself; where it is the API's base, as most other tools want it, the path is added. A query stays. */
export function chatEndpoint (base: URL): URL {
  const url = new URL(base)
  if (/^(.*\/v\d+\w*)?\/?$/.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/$/, '')}/chat/completions`
  return url
}
