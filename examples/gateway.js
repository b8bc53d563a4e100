// What the scripts here share: where the gateway is, and who asks.
export const GATEWAY = process.env.GATEWAY ?? 'http://127.0.0.1:3456'
export const KEY = process.env.GATEWAY_KEY ?? 'any'

// Asks the gateway's API. An error has the gateway's own words, and the status.
export async function api (path, { method = 'GET', body, headers = {} } = {}) {
  const reply = await fetch(GATEWAY + path, {
    method,
    headers: { 'x-api-key': KEY, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) })
  })
  const value = await reply.json()
  if (!reply.ok) throw Object.assign(new Error(value.error?.message ?? `status ${reply.status}`), { status: reply.status })
  return { value, etag: reply.headers.get('etag') }
}
