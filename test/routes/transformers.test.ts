import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readyApp } from '../helper/app.ts'

t.test('every transformer is listed, with its options and its users, and no secrets', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-listed-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'own.mjs')
  await writeFile(file, 'export default { name: "own", wires: ["openai"], request () {} }')
  const provider = (name: string, use: unknown[], rest: object = {}): object => ({ name, api_base_url: 'http://127.0.0.1/v1', api_key: 'upstream-secret', models: ['a', 'b'], transformer: { use, ...rest } })
  const { app } = await readyApp(t, {
    config: {
      APIKEY: 'admin-key',
      transformers: [{ path: file, options: { token: 'hidden-option' } }],
      Providers: [
        provider('one', [['openrouter', { app_title: 'hidden-title' }], ['customparams', { secret: 'hidden-value' }]]),
        provider('two', ['openai', 'own'], { b: { use: [['maxtoken', { max_tokens: 777777 }]] } })
      ],
      Router: { default: 'one,a' }
    }
  })
  t.equal((await app.inject({ url: '/api/transformers' })).statusCode, 401)
  const reply = await app.inject({ url: '/api/transformers', headers: { 'x-api-key': 'admin-key' } })
  t.equal(reply.statusCode, 200)
  const { pairs, adapters } = reply.json<Record<'pairs' | 'adapters', { name: string, usedBy: string[] }[]>>()
  const find = (list: { name: string }[], name: string): object | undefined => list.find(each => each.name === name)
  t.match(find(pairs, 'openrouter'), { wire: 'openai', usedBy: ['one'] })
  t.same(find(adapters, 'own'), { name: 'own', description: '', wires: ['openai'], options: {}, file, usedBy: ['two'] })
  t.match(find(adapters, 'maxtoken'), { description: /limit/, wires: ['anthropic', 'openai', 'gemini'], options: { max_tokens: { type: 'integer' } }, usedBy: ['two,b'] })
  t.match(find(adapters, 'customparams'), { options: null, wires: null, usedBy: ['one'] })
  t.match(find(adapters, 'tooluse'), { usedBy: [] })
  const names = ['maxtoken', 'maxcompletiontokens', 'sampling', 'customparams', 'cleancache', 'streamoptions', 'reasoning', 'forcereasoning', 'tooluse', 'enhancetool', 'groq', 'cerebras', 'own']
  t.same(adapters.map(({ name }) => name), names)
  t.notMatch(reply.body, /hidden|secret|777777/)
})
