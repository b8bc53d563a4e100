import { type Reply, checkGrammar } from './grammar.ts'

export interface Answer {
  status: number
  headers: Headers
  text: string
  /** The body, where it is JSON. */
  json: Record<string, unknown>
}

/** Asks the gateway over its socket, and reads the answer to its end. */
export async function ask (url: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'claude-x', max_tokens: 1000, messages: [{ role: 'user', content: 'Hi' }], ...body })
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) as Record<string, unknown> : {} }
}

/** Asks for a stream, and reads it as a client does. */
export async function askStream (url: string, body: object = {}): Promise<Reply & { status: number }> {
  const { status, text } = await ask(url, { stream: true, ...body })
  if (status !== 200) throw new Error(`status ${status}: ${text}`)
  return { status, ...checkGrammar(text) }
}
