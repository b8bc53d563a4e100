import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PLAIN_SETTINGS } from '../../src/config/environment.ts'
import { allSettings } from '../../src/config/settings.ts'
import { readyApp } from '../helper/app.ts'

const root = join(import.meta.dirname, '..', '..')
const text = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8')

t.test('the table of settings is what the schema says', async t => {
  const { settingsTable } = await import(join(root, 'scripts', 'settings-table.js')) as { settingsTable (settings: object, plain: readonly string[]): string }
  t.ok(text.includes(`<!-- settings -->\n${settingsTable(allSettings(), PLAIN_SETTINGS)}\n<!-- end of settings -->`), 'run `npm run docs` after a change of src/config/schema.ts')
})

t.test('the example of the environment alone can be used', async t => {
  const [, example = ''] = /```sh\n(OPENROUTER_KEY=[^]*?)```/.exec(text) ?? []
  const env = Object.fromEntries(example.trim().split('\n').map(line => {
    const [name = '', ...value] = line.split('=')
    return [name, value.join('=').replace(/^'(.*)'$/, '$1')]
  }))
  const { app } = await readyApp(t, { env: { ...env, OPENROUTER_KEY: 'sk-or-x' } })
  t.match(app.config.current, { source: 'the environment', stream: { pingAfter: 5000 }, media: { allowHosts: ['files.internal', 'wiki.internal'] } })
  t.equal(app.config.current.router.default[0].provider.apiKey, 'sk-or-x')
})

t.test('the messages of its examples are those that are given', async t => {
  await t.rejects(readyApp(t, { env: { SWITCHYARD_STREAM__PING_AFTER: '5s', SWITCHYARD_ROUTER_DEFAULT: 'a,b' } }), { message: /```\n(the environment[^]*?)\n```/.exec(text)?.[1] ?? '' })
})
