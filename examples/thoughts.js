// thoughts.js: for a server that calls its reasoning `thoughts`, and wants to be told how much of it to show.
export default {
  name: 'thoughts',
  description: 'Reads `thoughts` as reasoning.',
  wires: ['openai'],
  options: { show: { type: 'integer', minimum: 0, default: 100, description: 'How much of them is sent, in percent.' } },
  create: ({ show = 100 }) => ({
    request (body) {
      body.show_thoughts = show
    },
    chunk (chunk) {
      for (const choice of chunk.choices ?? []) {
        const said = choice.delta ?? choice.message
        if (said?.thoughts) said.reasoning_content = said.thoughts
      }
    }
  })
}
