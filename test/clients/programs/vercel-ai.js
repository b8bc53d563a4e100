import { Output, generateText, isStepCount, jsonSchema, streamText, tool } from 'ai'

/** A user's program with the Vercel AI SDK. @param model of one of its providers */
export function vercelAi (model) {
  const maxRetries = 0
  const tokensOf = ({ inputTokens, outputTokens }) => [inputTokens, outputTokens]

  return {
    async text (prompt) {
      const { text, usage } = await generateText({ model, prompt, maxRetries })
      return { text, tokens: tokensOf(usage) }
    },

    async stream (prompt) {
      const pieces = []
      const result = streamText({ model, prompt, maxRetries })
      for await (const piece of result.textStream) pieces.push(piece)
      return { text: pieces.join(''), tokens: tokensOf(await result.usage) }
    },

    async tools (prompt, { name, description, schema, run }) {
      const tools = { [name]: tool({ description, inputSchema: jsonSchema(schema), execute: async input => run(input) }) }
      const result = streamText({ model, prompt, tools, stopWhen: isStepCount(5), maxRetries })
      return await result.text
    },

    async image (prompt, data) {
      const content = [{ type: 'file', data, mediaType: 'image/png' }, { type: 'text', text: prompt }]
      return (await generateText({ model, messages: [{ role: 'user', content }], maxRetries })).text
    },

    async structured (prompt, schema) {
      const output = Output.object({ schema: jsonSchema(schema) })
      const plain = await generateText({ model, prompt, output, maxRetries })
      return [plain.output]
    }
  }
}
