import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { freePort } from '../helper/free-port.ts'
import { startGateway } from '../helper/gateway-process.ts'

/** As built: `npm test` builds first. */
const server = join(import.meta.dirname, '..', '..', 'dist', 'src', 'server.js')

interface Run { code: number | null, out: string, error: string }

async function folderOf (t: Test, files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-cli-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/** The program as a user calls it. */
async function run (t: Test, args: string[], folder: string, env: Record<string, string> = {}): Promise<Run> {
  const child: ChildProcess = spawn(process.execPath, [server, ...args], { cwd: folder, env: { PATH: process.env['PATH'], ...env } })
  t.teardown(() => child.kill('SIGKILL'))
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (bytes: Buffer) => { texts[name] += bytes.toString() })
  await once(child, 'close')
  return { code: child.exitCode, out: texts.stdout, error: texts.stderr }
}

t.test('it says what it can do, and which one it is', async t => {
  const folder = await folderOf(t)
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }
  t.match(await run(t, ['--help'], folder), { code: 0, out: /switchyard check \[file\][^]*switchyard init \[file\][^]*switchyard health \[file\]/, error: '' })
  t.match(await run(t, ['check', '-h'], folder), { code: 0, out: /switchyard check/ })
  t.same(await run(t, ['--version'], folder), { code: 0, out: `${version}\n`, error: '' })
})

t.test('what it does not know is an error, with the help', async t => {
  const folder = await folderOf(t)
  for (const [args, expected] of [
    [['chekc'], /^There is no command chekc\n\n[^]*switchyard check/],
    [['toString'], /^There is no command toString\n/],
    [['check', 'a', 'b'], /^check takes one file\n/],
    [['init', '--force'], /^Unknown option '--force'\n/],
    [['--help=yes'], /^Option '-h, --help' does not take an argument\n/],
    [['--'], /^A command is missing\n/]
  ] as const) t.match(await run(t, [...args], folder), { code: 2, out: '', error: expected })
  t.same(await readdir(folder), [])
})

t.test('init, check and the start go together, and .env is read', async t => {
  const folder = await folderOf(t, { '.env': 'DEEPSEEK_API_KEY=sk-secret\nPORT=0\n' })
  const init = await run(t, ['init'], folder)
  t.match(init, { code: 0, out: /^config\.json is written[^]*deepseek \(\$DEEPSEEK_API_KEY\)[^]*Next: npm start/, error: '' })
  t.notMatch(init.out, /sk-secret/)
  t.equal((await stat(join(folder, 'config.json'))).mode & 0o777, 0o600)
  t.match(await run(t, ['init'], folder), { code: 1, out: '', error: /is there already/ })
  t.match(await run(t, ['check'], folder), { code: 0, out: /^config\.json is good: 1 provider, 2 rules, no keys\n/, error: '' })
  t.same((await readdir(folder)).sort(), ['.env', 'config.json'], 'no store was made')
  const gateway = await startGateway(t, folder)
  t.match(gateway.output(), /configured by config\.json; deepseek-v4-pro of deepseek is the default/)
  await gateway.stop()
})

t.test('health asks the service that lives, wherever its configuration says that it listens', async t => {
  const demo = { Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo'], transformer: { use: ['demo'] } }], Router: { default: 'demo,demo' } }
  for (const where of ['a file', 'SWITCHYARD_CONFIG', 'PROXY_PORT'] as const) {
    const port = await freePort()
    // It is not to be run by whoever only looks.
    const document = { ...demo, PORT: port, HOST: '0.0.0.0', APIKEY: 'k', CUSTOM_ROUTER_PATH: './router.cjs' }
    const folder = await folderOf(t, { 'router.cjs': 'require("node:fs").appendFileSync("runs", "x"); module.exports = () => null', ...(where === 'a file' && { 'config.json': JSON.stringify(document) }) })
    const env = where === 'PROXY_PORT' ? { PROXY_PORT: String(port) } : where === 'SWITCHYARD_CONFIG' ? { SWITCHYARD_CONFIG: JSON.stringify(document) } : {}
    const url = `http://127.0.0.1:${port}/health`
    t.same(await run(t, ['health'], folder, env), { code: 1, out: '', error: `${url} does not answer: connect ECONNREFUSED 127.0.0.1:${port}\n` }, where)
    const gateway = await startGateway(t, folder, { PORT: '', ...env })
    t.same(await run(t, ['health'], folder, env), { code: 0, out: `${url} says 200\n`, error: '' }, where)
    if (where !== 'PROXY_PORT') t.equal(await readFile(join(folder, 'runs'), 'utf8'), 'x', 'by the start alone')
    await gateway.stop()
  }
  const folder = await folderOf(t, { 'own.json': JSON.stringify({ HOST: '::1', PORT: 1 }), 'config.json': '{' })
  t.match(await run(t, ['health', 'own.json'], folder), { code: 1, error: /^http:\/\/\[::1\]:1\/health does not answer/ })
  t.match(await run(t, ['health'], folder), { code: 1, error: /^config\.json cannot be used:/ })
})

t.test('health knows that a service goes on under the file that it was started with', async t => {
  const port = await freePort()
  const folder = await folderOf(t)
  const env = { PORT: String(port), CONFIG_PATH: 'config.json' }
  await writeFile(join(folder, 'config.json'), JSON.stringify({ Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo'], transformer: { use: ['demo'] } }], Router: { default: 'demo,demo' } }))
  const gateway = await startGateway(t, folder, env)
  await writeFile(join(folder, 'config.json'), '{')
  t.match(await run(t, ['health'], folder, env), { code: 0, out: `http://127.0.0.1:${port}/health says 200\n` })
  await gateway.stop()
  t.match(await run(t, ['health'], folder, env), { code: 1, error: /^config\.json cannot be used:/ })
})

t.test('check ends, with what is wrong, even if a file of the user\'s goes on', async t => {
  const document = { Providers: [{ name: 'or', api_base_url: 'https://or.example', models: ['m'] }], Router: { default: 'or,x' }, CUSTOM_ROUTER_PATH: './router.mjs' }
  const folder = await folderOf(t, { 'own.json': JSON.stringify(document), 'router.mjs': 'setInterval(() => {}, 1000); export default () => null' })
  t.match(await run(t, ['check', 'own.json'], folder), { code: 1, out: '', error: 'own.json cannot be used:\n  - Router.default: or has no model x; its models are m\n' })
})

t.test('a bad variable ends the start with a reason, and no stack', async t => {
  const folder = await folderOf(t)
  for (const [env, expected] of [[{ PORT: 'abc' }, 'PORT: must be integer'], [{ SWITCHYARD_PROT: '1' }, 'SWITCHYARD_PROT: there is no such setting; did you mean SWITCHYARD_PORT?']] as const) {
    t.same(await run(t, [], folder, env), { code: 1, out: '', error: `the environment cannot be used:\n  - ${expected}\n` })
  }
})
