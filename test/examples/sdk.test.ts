import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { gatewayFolder, startGateway } from '../helper/gateway-process.ts'
import { until } from '../helper/until.ts'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const examples = join(import.meta.dirname, '..', '..', 'examples')
const KEY = 'sk-team-4711'
/** An interpreter that has the packages, where that of the path has not. */
const PYTHON = process.env['EXAMPLES_PYTHON'] ?? 'python3'

const { url } = await startGateway(t, await gatewayFolder(t, { APIKEY: KEY, Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo'], transformer: { use: ['demo'] } }], Router: { default: 'demo,demo' } }))
const env = { PATH: process.env['PATH'], GATEWAY: url, GATEWAY_KEY: KEY }

function skip (t: Test, why: string): void {
  t.pass(`skipped: ${why}`, { skip: why })
}

/** Runs an example; its request is in the account by the name that it gave. */
async function check (t: Test, command: string, file: string, end: RegExp): Promise<void> {
  const { stdout } = await run(command, [join(examples, file)], { env })
  t.match(stdout, /^Hello from Switchyard|demo/)
  t.match(stdout, end)
  const session = `example-${file.replace(/^(\w+)\/([a-z]+).*$/, '$1-$2')}`
  await until('it is in the account', async () => (await fetch(`${url}/api/usage/sessions/${session}`, { headers: { 'x-api-key': KEY } })).status === 200)
}

t.test('node/anthropic.js', t => check(t, process.execPath, 'node/anthropic.js', /\nend_turn: \d+ tokens in, \d+ out\na bare hello: \d+ tokens\n$/))

t.test('node/openai.js', async t => {
  const installed = ((): boolean => {
    try {
      return require.resolve('openai') !== ''
    } catch {
      return false
    }
  })()
  if (!installed) return skip(t, 'the package openai is not installed')
  await check(t, process.execPath, 'node/openai.js', /\nstop\n\d+ tokens in, \d+ out\n$/)
})

for (const [file, module, end] of [
  ['python/plain.py', 'urllib.request', /\nend_turn: \d+ tokens out\n$/],
  ['python/anthropic_sdk.py', 'anthropic', /\nend_turn: \d+ tokens in, \d+ out\n$/],
  ['python/openai_sdk.py', 'openai', /\nstop\n\d+ tokens in, \d+ out\n$/]
] as const) {
  t.test(file, async t => {
    const there = await run(PYTHON, ['-c', `import ${module}`]).then(() => true, () => false)
    if (!there) return skip(t, `${PYTHON} is not here, or has no ${module} (EXAMPLES_PYTHON names another)`)
    await check(t, PYTHON, file, end)
  })
}
