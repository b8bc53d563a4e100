import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { KEY, SAID, SERVERS, openClientStage } from './stage.ts'

/** curl, as the docs show it, for either API. */

const run = promisify(execFile)
const skip = await run('curl', ['--version']).then(() => false as const, () => 'there is no curl')

interface Api { path: string, headers: string[], body: object, text (reply: never): unknown, event: RegExp, end: RegExp, error: object }

const APIS: Record<string, Api> = {
  anthropic: {
    path: '/v1/messages',
    headers: [`x-api-key: ${KEY}`, 'anthropic-version: 2023-06-01'],
    body: { max_tokens: 1000 },
    text: ({ content }: { content: { text: string }[] }) => content[0]?.text,
    event: /^event: content_block_delta$/m,
    end: /^event: message_stop\ndata: .*\n\n$/m,
    error: { type: 'error', error: { type: 'rate_limit_error', message: /Slow down, please/ } }
  },
  openai: {
    path: '/v1/chat/completions',
    headers: [`authorization: Bearer ${KEY}`],
    body: {},
    text: ({ choices }: { choices: { message: { content: string } }[] }) => choices[0]?.message.content,
    event: /^data: \{.*"chat\.completion\.chunk"/m,
    end: /^data: \[DONE\]\n\n$/m,
    error: { error: { message: /Slow down, please/ } }
  }
}

t.test('curl', { skip }, async t => {
  const { url, modelOf } = await openClientStage(t, 6)
  for (const [name, { path, headers, body, text, event, end, error }] of Object.entries(APIS)) {
    for (const server of SERVERS) {
      await t.test(`${name}, ${server}`, async t => {
        const curl = async (prompt: string, more: object = {}): Promise<{ status: string, reply: string }> => {
          const request = JSON.stringify({ model: modelOf(server), ...body, messages: [{ role: 'user', content: prompt }], ...more })
          const { stdout } = await run('curl', ['-sN', '-w', '\n%{http_code}', `${url}${path}`, ...['content-type: application/json', ...headers].flatMap(header => ['-H', header]), '-d', request])
          const at = stdout.lastIndexOf('\n')
          return { status: stdout.slice(at + 1), reply: stdout.slice(0, at) }
        }
        const plain = await curl('greet me')
        t.equal(plain.status, '200')
        t.equal(text(JSON.parse(plain.reply) as never), SAID.hello)
        const { reply } = await curl('greet me', { stream: true })
        t.match(reply, event)
        t.match(reply, end)
        const failed = await curl('fail')
        t.equal(failed.status, '429')
        t.match(JSON.parse(failed.reply), error)
      })
    }
  }
})
