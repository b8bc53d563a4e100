// acme.js: a server of the chat-completions wire, and what is particular about it.
export default (options, { openaiCompatible }) => openaiCompatible({
  name: 'acme',
  // A provider whose api_base_url is there needs no `transformer.use`.
  hosts: ['acme.example'],
  // What `transformer.use` may set: JSON Schemas.
  options: { tier: { enum: ['fast', 'cheap'], description: 'Which machines answer.' } },
  // It takes no JSON Schema as a response format: the schema goes into the prompt instead.
  jsonSchema: false,

  headers: () => ({ 'x-acme-project': options.project ?? 'none' }),

  // How it is asked to think; what it thinks comes as `reasoning_content`, which is read anyway.
  thinking (body, request) {
    body.deliberate = request.thinking.type !== 'disabled'
  },

  // A last touch on every body.
  request (body, request, { provider }) {
    body.tier = provider.options.tier ?? 'cheap'
    delete body.stream_options
  }
})
