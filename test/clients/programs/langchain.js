import { HumanMessage, ToolMessage } from '@langchain/core/messages'

/** A user's program with LangChain. @param model a chat model of one of its packages */
export function langChain (model) {
  const tokensOf = ({ usage_metadata: usage }) => [usage.input_tokens, usage.output_tokens]

  return {
    async text (prompt) {
      const message = await model.invoke(prompt)
      return { text: message.text, tokens: tokensOf(message) }
    },

    async stream (prompt) {
      let whole
      for await (const piece of await model.stream(prompt)) whole = whole === undefined ? piece : whole.concat(piece)
      return { text: whole.text, tokens: tokensOf(whole) }
    },

    async tools (prompt, { name, description, schema, run }) {
      const bound = model.bindTools([{ type: 'function', function: { name, description, parameters: schema } }])
      const messages = [new HumanMessage(prompt)]
      for (;;) {
        const message = await bound.invoke(messages)
        if (message.tool_calls.length === 0) return message.text
        messages.push(message, ...message.tool_calls.map(call => new ToolMessage({ tool_call_id: call.id, content: run(call.args) })))
      }
    },

    async image (prompt, data) {
      const content = [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }, { type: 'text', text: prompt }]
      return (await model.invoke([new HumanMessage({ content })])).text
    },

    async structured (prompt, schema) {
      return [await model.withStructuredOutput({ title: 'city', ...schema }, { method: 'jsonSchema' }).invoke(prompt)]
    }
  }
}
