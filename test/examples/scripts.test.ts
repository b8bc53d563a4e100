import { execFile } from 'node:child_process'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { gatewayFolder, startGateway } from '../helper/gateway-process.ts'
import { until } from '../helper/until.ts'

const run = promisify(execFile)
const examples = join(import.meta.dirname, '..', '..', 'examples')
const KEY = 'sk-admin-4711'

const demo = {
  APIKEY: KEY,
  Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo', 'other'], transformer: { use: ['demo'] } }],
  Router: { default: 'demo,demo' }
}

const { folder, url } = await start(t)

async function start (t: Pick<Test, 'teardown'>): Promise<{ folder: string, url: string }> {
  const folder = await gatewayFolder(t, demo)
  return { folder, url: (await startGateway(t, folder)).url }
}

interface Ran { stdout: string, stderr: string, code: number }

async function call (command: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  try {
    const { stdout, stderr } = await run(command, args, { env: { PATH: process.env['PATH'], GATEWAY: url, GATEWAY_KEY: KEY, HOME: folder, ...env } })
    return { stdout, stderr, code: 0 }
  } catch (error) {
    const { stdout, stderr, code } = error as Ran
    if (typeof code !== 'number') throw error
    return { stdout, stderr, code }
  }
}

/** Runs a script; skipped, undefined, where bash or curl are missing. */
async function bash (t: Test, script: string, args: string[] = [], env: Record<string, string> = {}): Promise<Ran | undefined> {
  const there = await run('bash', ['-c', 'command -v curl']).then(() => true, () => false)
  if (!there) {
    t.pass('skipped: there is no bash or no curl here', { skip: 'there is no bash or no curl here' })
    return undefined
  }
  return await call('bash', [join(examples, script), ...args], env)
}

const node = (script: string, args: string[] = [], env: Record<string, string> = {}): Promise<Ran> => call(process.execPath, [join(examples, script), ...args], env)

const json = (ran: Ran): Record<string, unknown> => JSON.parse(ran.stdout) as Record<string, unknown>

async function written (): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>
}

async function ask (session: string, model = 'demo,demo'): Promise<void> {
  const reply = await fetch(`${url}/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': KEY, 'x-session-id': session }, body: JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] }) })
  if (reply.status !== 200) throw new Error(await reply.text())
  await reply.text()
}

t.test('config.sh shows, tries, changes, compares and restores', async t => {
  const shown = await bash(t, 'config.sh', ['show'])
  if (shown === undefined) return
  t.match(json(shown), { APIKEY: '********', Router: { default: 'demo,demo' } })

  const patch = '{ "Router": { "think": "demo,other" } }'
  const tried = await bash(t, 'config.sh', ['try', patch]) as Ran
  t.match(json(tried), { effects: { rules: { added: ['think'] } } })
  t.match(await written(), { Router: { default: 'demo,demo', think: undefined } }, 'nothing has changed')

  const changed = await bash(t, 'config.sh', ['change', patch]) as Ran
  t.match(json(changed), { success: true, changes: [{ path: 'Router.think', op: 'added' }] })
  t.match(await written(), { Router: { think: 'demo,other' } })

  const wrong = await bash(t, 'config.sh', ['change', '{ "Router": { "think": "nobody,x" } }']) as Ran
  t.ok(wrong.code !== 0)
  t.match(wrong.stdout + wrong.stderr, /nobody/)

  const kept = await bash(t, 'config.sh', ['backup']) as Ran
  t.match(json(kept), { success: true })
  const [name = ''] = (await readdir(join(folder, '.backups'))).sort()
  t.match((await bash(t, 'config.sh', ['backups']) as Ran).stdout, name)
  t.match((await bash(t, 'config.sh', ['diff', name]) as Ran).stdout, /Router\.think/)
  t.equal((await bash(t, 'config.sh', ['restore', name]) as Ran).code, 0)
  t.match(await written(), { Router: { think: undefined } })

  t.equal((await bash(t, 'config.sh', ['restore']) as Ran).code, 2, 'without a name it says how it is called')
  t.match(await bash(t, 'config.sh', ['show'], { GATEWAY_KEY: 'wrong' }) as Ran, { code: 22, stdout: /authentication_error/ })
})

t.test('add-fallback.js adds to what is there, and is not confused by others who do', async t => {
  t.match(await node('add-fallback.js', ['default', 'demo,other']), { code: 0, stdout: /demo,other is behind default now/ })
  t.match(await written(), { fallback: { default: ['demo,other'] } })
  t.match(await node('add-fallback.js', ['default', 'demo,other']), { code: 0, stdout: /serves already/ })
  const both = await Promise.all([node('add-fallback.js', ['background', 'demo,demo']), node('add-fallback.js', ['background', 'demo,other'])])
  t.match(both, [{ code: 0 }, { code: 0 }])
  t.strictSame(((await written())['fallback'] as { background: string[] }).background.sort(), ['demo,demo', 'demo,other'], 'neither has lost anything')
  t.match(await node('add-fallback.js', ['default', 'nobody,x']), { code: 1, stderr: /nobody/ })
})

t.test('session-usage.js and usage-csv.sh tell what was used', async t => {
  await ask('s-one')
  await ask('s-one', 'demo,other')
  await ask('s-two')
  await until('it is in the account', async () => (await node('session-usage.js')).stdout.includes('s-two'))
  const all = await node('session-usage.js')
  t.match(all.stdout.split('\n').find(line => line.startsWith('s-one')), /^s-one\t2\t\d+\t\d+\t/)
  const one = await node('session-usage.js', ['s-one'])
  t.match(one.stdout, /^provider\trequests\tinput\toutput\ndemo\t2\t(\d+)\t(\d+)\nall\t2\t\1\t\2\n$/)
  t.match(await node('session-usage.js', ['s-nobody']), { code: 1, stderr: /There is no session s-nobody/ })

  const csv = await bash(t, 'usage-csv.sh', ['2020-01-01', '2100-01-01'])
  if (csv === undefined) return
  const [head = '', ...lines] = csv.stdout.trim().split('\n')
  t.match(head, 'session')
  t.equal(lines.filter(line => line.includes('s-one')).length, 2)
  t.equal((await bash(t, 'usage-csv.sh') as Ran).code, 2)
})

t.test('claude-code.sh writes a file that points Claude Code here, for nobody else to read', async t => {
  const file = join(folder, 'claude', 'code.env')
  const ran = await bash(t, 'claude-code.sh', [file], { GATEWAY_KEY: KEY })
  if (ran === undefined) return
  t.match(ran, { code: 0, stdout: `source ${file} && claude` })
  t.equal((await stat(file)).mode & 0o777, 0o600)
  const { stdout } = await run('bash', ['-c', 'export ANTHROPIC_API_KEY=other CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1; source "$1"; env', 'bash', file])
  const set = Object.fromEntries(stdout.split('\n').map(line => line.split('=', 2)).filter(([name = '']) => /^(?:ANTHROPIC|CLAUDE_CODE|DISABLE)_/.test(name))) as object
  t.strictSame(set, {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_AUTH_TOKEN: KEY,
    // Beside CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC it would not ask for the models.
    CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1'
  })
  t.match(await bash(t, 'claude-code.sh', [join(folder, 'other.env')], { GATEWAY_KEY: 'wrong' }) as Ran, { code: 1, stderr: /does not take this key/ })
  t.match(await bash(t, 'claude-code.sh', [join(folder, 'other.env')], { GATEWAY: 'http://127.0.0.1:1' }) as Ran, { code: 1, stderr: /no gateway answers/ })
})

t.test('every file is in the index', async t => {
  const index = await readFile(join(examples, 'README.md'), 'utf8')
  for (const file of await readdir(examples, { recursive: true })) {
    if (/\.(?:js|sh|py)$/.test(file) && file !== 'gateway.js') t.ok(index.includes(`](${file})`), file)
  }
})
