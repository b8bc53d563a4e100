import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { offlineApp } from '../../src/cli/offline-app.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { UsageSettings } from '../../src/config/snapshot.ts'
import { gatewayFolder } from '../helper/gateway-process.ts'
import { imageEnv, instruction } from './image.ts'

/** What the variables of the image come to. */

const SERVER = join(import.meta.dirname, '..', '..', 'dist', 'src', 'server.js')
const NOBODY = 65534
const config = { Providers: [{ name: 'demo', api_base_url: 'http://demo.invalid/v1', models: ['demo'], transformer: { use: ['demo'] } }], Router: { default: 'demo,demo' } }

async function usageOf (env: Record<string, string>): Promise<UsageSettings> {
  const app = await offlineApp({ ...imageEnv, ...env })
  const { usage } = await loadConfig(app.env, app.processEnv, app.transformers)
  await app.close()
  return usage
}

t.test('the account, and lines for a database that is away, are in the volume, wherever the file is', async t => {
  const volume = instruction('VOLUME')
  const CONFIG_PATH = join(await gatewayFolder(t, config), 'config.json')
  for (const env of [{}, { CONFIG_PATH }]) t.match(await usageOf(env), { store: { kind: 'sqlite', path: `${volume}/switchyard.db` }, spoolFolder: volume })
  t.match(await usageOf({ CONFIG_PATH, DATABASE_URL: 'postgres://u@db.example/s' }), { store: { kind: 'postgres' }, spoolFolder: volume })
})

/** Starts the service as somebody who may write to one folder and nowhere else, and ends it. @returns what it printed */
async function startAsNobody (t: Test, folder: string, data: string): Promise<string> {
  const root = process.getuid?.() === 0
  if (root) await chown(data, NOBODY, NOBODY)
  const env = { PATH: process.env['PATH'], ...imageEnv, HOST: '127.0.0.1', PORT: '0', CONFIG_PATH: join(folder, 'config.json'), SWITCHYARD_USAGE__PATH: join(data, 'switchyard.db') }
  const child = spawn(process.execPath, [SERVER], { cwd: data, env, ...(root && { uid: NOBODY, gid: NOBODY }) })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  const gone = once(child, 'close')
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString()
      if (output.includes('listens on')) child.kill('SIGTERM')
    })
  }
  await gone
  return output
}

t.test('a file in a folder that cannot be written to is no reason not to start', async t => {
  const folder = await gatewayFolder(t, { ...config, LOG: true })
  const data = await mkdtemp(join(tmpdir(), 'switchyard-data-'))
  t.teardown(() => rm(data, { recursive: true, force: true }))
  await chmod(folder, 0o555)
  await chmod(join(folder, 'config.json'), 0o444)
  t.teardown(() => chmod(folder, 0o755))
  const output = await startAsNobody(t, folder, data)
  t.match(output, /listens on/)
  t.match(output, /The log cannot be written to files/, 'which is told')
  t.same(await readdir(folder), ['config.json'])
  t.ok((await readdir(data)).includes('switchyard.db'))
})
