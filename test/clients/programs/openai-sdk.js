/**
 * A user's program with `openai`, any version of it. The helpers for tools and structured output were in `beta` at first.
 * @param OpenAI the SDK; `zodFormat` its helper for schemas; `schema` what to ask for by it
 */
export function openaiSdk (OpenAI, { url, key, model }, zodFormat, schema) {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
  const completions = client.chat.completions.runTools === undefined ? client.beta.chat.completions : client.chat.completions
  const tokensOf = ({ usage }) => [usage.prompt_tokens, usage.completion_tokens]

  return {
    async text (prompt) {
      const completion = await client.chat.completions.create({ model, messages: [{ role: 'user', content: prompt }] })
      return { text: completion.choices[0].message.content, tokens: tokensOf(completion) }
    },

    async stream (prompt) {
      const pieces = []
      const stream = completions.stream({ model, messages: [{ role: 'user', content: prompt }], stream: true, stream_options: { include_usage: true } }).on('content', piece => pieces.push(piece))
      const completion = await stream.finalChatCompletion()
      return { text: pieces.join(''), tokens: tokensOf(completion) }
    },

    tools (prompt, { name, description, schema: parameters, run }) {
      const tool = { type: 'function', function: { name, description, parameters, parse: JSON.parse, function: run } }
      return completions.runTools({ model, messages: [{ role: 'user', content: prompt }], tools: [tool], stream: true }).finalContent()
    },

    async image (prompt, data) {
      const content = [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }, { type: 'text', text: prompt }]
      return (await client.chat.completions.create({ model, messages: [{ role: 'user', content }] })).choices[0].message.content
    },

    async structured (prompt) {
      const params = { model, messages: [{ role: 'user', content: prompt }], response_format: zodFormat(schema, 'city') }
      const plain = await completions.parse(params)
      const streamed = await completions.stream({ ...params, stream: true }).finalChatCompletion()
      return [plain.choices[0].message.parsed, streamed.choices[0].message.parsed]
    }
  }
}
