import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { gatewayFolder, startGateway } from '../helper/gateway-process.ts'

/** The lines of the program whose configuration API this one takes the place of, as its users have them in their scripts. */

const run = promisify(execFile)
const PORT = /localhost:3456/g

const CONFIG = { APIKEY: 'your-api-key', Providers: [{ name: 'openrouter', api_base_url: 'http://127.0.0.1:9/v1/chat/completions', api_key: '$OPENROUTER_API_KEY', models: ['a', 'b'] }], Router: { default: 'openrouter,a' } }

/** Why they are skipped; false where they are not. */
const skip = await run('curl', ['--version']).then(() => false, () => 'there is no curl here')

t.test('its curl lines', { skip }, async t => {
  const folder = await gatewayFolder(t, CONFIG)
  const { url, output, child } = await startGateway(t, folder, { OPENROUTER_API_KEY: 'upstream-secret' })
  const shell = async (lines: string): Promise<Record<string, unknown>> => {
    const { stdout } = await run('bash', ['-c', lines.replace(PORT, new URL(url).host).replaceAll('curl ', 'curl -s ')], { cwd: folder })
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const masked = { ...CONFIG, APIKEY: '********' }

  t.strictSame(await shell('curl -H "Authorization: Bearer your-api-key" http://localhost:3456/api/config'), masked)
  t.strictSame(await shell('curl -H "x-api-key: your-api-key" http://localhost:3456/api/config'), masked)

  await writeFile(join(folder, 'new-config.json'), JSON.stringify({ ...CONFIG, Router: { default: 'openrouter,b' } }))
  const updated = await shell(`curl -X POST http://localhost:3456/api/config \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer your-api-key" \\
  -d @new-config.json`)
  t.match(updated, { success: true, message: /^Configuration updated successfully\./, backup: /^\/.*\/\.backups\/config\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.json$/ })
  t.strictSame(JSON.parse(await readFile(String(updated['backup']), 'utf8')), CONFIG)
  t.match(await shell('curl -H "x-api-key: your-api-key" http://localhost:3456/api/config'), { Router: { default: 'openrouter,b' }, Providers: [{ api_key: '$OPENROUTER_API_KEY' }] })
  t.match(await readFile(join(folder, 'config.json'), 'utf8'), '$OPENROUTER_API_KEY', 'references are written as references')

  t.match(await shell(`curl -X POST http://localhost:3456/api/config/backup \\
  -H "Authorization: Bearer your-api-key"`), { success: true, backup: /\.backups\/config\..*\.json$/ })
  t.match(await shell('curl -H "Authorization: Bearer your-api-key" http://localhost:3456/api/transformers'), { pairs: [{ name: 'openrouter' }] })

  await t.test('SIGHUP: the file is read, and nothing ends', async t => {
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...CONFIG, Keys: [{ name: 'ann', key: 'key-of-ann' }] }))
    child.kill('SIGHUP')
    t.match(await shell('for i in $(seq 100); do curl -H "x-api-key: key-of-ann" http://localhost:3456/stats | grep -q requests && break; sleep 0.1; done; curl -H "x-api-key: your-api-key" http://localhost:3456/api/config'), { Keys: [{ name: 'ann', key: '********' }] })
    t.equal(child.exitCode, null)
  })
  t.notMatch(output(), /upstream-secret|your-api-key/)
})
