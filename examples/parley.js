// parley.js: a server that speaks a wire of its own, for text alone.
const textOf = content => typeof content === 'string' ? content : content.map(block => block.text ?? '').join('\n')

export default (options, { providerError, retryAfterOf }) => ({
  name: 'parley',
  wire: 'own',

  encodeRequest: (request, { model, provider }) => ({
    headers: { authorization: `Bearer ${provider.apiKey}` },
    body: {
      model,
      live: request.stream === true,
      most: request.max_tokens,
      rules: textOf(request.system ?? ''),
      turns: request.messages.map(({ role, content }) => ({ who: role, says: textOf(content) }))
    },
    dropped: ['tools', 'thinking', 'temperature'].filter(field => request[field] != null)
  }),

  decodeReply: writer => ({
    finished: false,
    push ({ says = '', over, tokens }) {
      writer.text(says)
      if (tokens) writer.usage({ input_tokens: tokens.read, output_tokens: tokens.written })
      if (over === undefined) return
      writer.finish(over === 'too long' ? 'max_tokens' : 'end_turn')
      this.finished = true
    },
    end () {}
  }),

  decodeError: (status, headers, body, { provider }) =>
    providerError({ status, words: JSON.parse(body).complaint, retryAfter: retryAfterOf(headers) }, provider)
})
