/**
 * The endpoint for messages. Where `api_base_url` is an API's base, as Claude Code's own `ANTHROPIC_BASE_URL` is
 * (`https://api.anthropic.com`, `https://openrouter.ai/api`, `https://api.deepseek.com/anthropic`), the path is added.
 */
export function messagesEndpoint (base: URL): URL {
  const url = new URL(base)
  const path = url.pathname.replace(/\/+$/, '')
  if (!path.endsWith('/messages')) url.pathname = /\/v\d+$/.test(path) ? `${path}/messages` : `${path}/v1/messages`
  return url
}
