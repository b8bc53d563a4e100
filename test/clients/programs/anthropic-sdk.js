/**
 * A user's program with `@anthropic-ai/sdk`, any version of it.
 * @param Anthropic the SDK; `url` the gateway's; `model` by the name that clients use
 */
export function anthropicSdk (Anthropic, { url, key, model }) {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 })
  const params = { model, max_tokens: 1024 }
  const textOf = message => message.content.flatMap(block => block.type === 'text' ? [block.text] : []).join('')

  return {
    async text (prompt) {
      const message = await client.messages.create({ ...params, messages: [{ role: 'user', content: prompt }] })
      return { text: textOf(message), tokens: [message.usage.input_tokens, message.usage.output_tokens] }
    },

    async stream (prompt) {
      const pieces = []
      const stream = client.messages.stream({ ...params, messages: [{ role: 'user', content: prompt }] }).on('text', piece => pieces.push(piece))
      const message = await stream.finalMessage()
      return { text: pieces.join(''), tokens: [message.usage.input_tokens, message.usage.output_tokens] }
    },

    async tools (prompt, { name, description, schema, run }) {
      const messages = [{ role: 'user', content: prompt }]
      for (;;) {
        const message = await client.messages.stream({ ...params, messages, tools: [{ name, description, input_schema: schema }] }).finalMessage()
        if (message.stop_reason !== 'tool_use') return textOf(message)
        const results = message.content.flatMap(block => block.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: block.id, content: run(block.input) }] : [])
        messages.push({ role: 'assistant', content: message.content }, { role: 'user', content: results })
      }
    },

    async image (prompt, data) {
      const content = [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }, { type: 'text', text: prompt }]
      return textOf(await client.messages.create({ ...params, messages: [{ role: 'user', content }] }))
    }
  }
}
