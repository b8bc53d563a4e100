// parley.js: a server that speaks a wire of its own, for text alone.
const CARRIED = ['model', 'stream', 'max_tokens', 'system', 'messages', 'messages.text']
const blocksOf = content => typeof content === 'string' ? [{ type: 'text', text: content }] : content
const textOf = content => blocksOf(content).map(block => block.text ?? '').join('\n')
const partsOf = request => Object.keys(request).filter(field => request[field] != null)
  .concat(request.messages.flatMap(({ content }) => blocksOf(content)).map(({ type }) => `messages.${type}`))
const complaintIn = body => { try { return JSON.parse(body).complaint } catch { return body } } // no JSON: a proxy's

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
    dropped: [...new Set(partsOf(request))].filter(part => !CARRIED.includes(part))
  }),

  decodeReply: writer => ({
    finished: false,
    push ({ says = '', over, tokens }) {
      writer.text(says)
      if (tokens) writer.usage({ input_tokens: tokens.read, output_tokens: tokens.written })
      if (over) writer.finish(over === 'too long' ? 'max_tokens' : 'end_turn')
      this.finished ||= over !== undefined
    },
    end () {}
  }),

  decodeError: (status, headers, body, { provider }) =>
    providerError({ status, words: complaintIn(body), retryAfter: retryAfterOf(headers) }, provider)
})
