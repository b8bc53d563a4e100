import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { configSchema } from '../../src/config/schema.ts'
import { gatewayFolder } from '../helper/gateway-process.ts'
import { instruction, instructions } from './image.ts'

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const root = join(import.meta.dirname, '..', '..')
const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const { bin, engines } = JSON.parse(read('package.json')) as { bin: { switchyard: string }, engines: { node: string } }
const settings = read('docs/configuration.md')
const GRACE = configSchema.properties.Stream.properties.shutdownGrace.default / 1000
/** Seconds that the service takes beyond the grace at most: src/server.ts. */
const MARGIN = 5

/** Runs a tool with arguments; undefined, and a test that says so, where it is not installed. */
async function tool (t: Test, names: readonly string[][], ...args: string[]): Promise<string | undefined> {
  for (const [command = '', ...before] of names) {
    const there = await run(command, [...before, 'version']).then(() => true, () => false)
    if (!there) continue
    const { stdout, stderr } = await run(command, [...before, ...args], { cwd: root, env: { PATH: process.env['PATH'], APIKEY: 'k' } })
    return stdout + stderr
  }
  const why = `there is no ${names.map(words => words.join(' ')).join(' or ')} here`
  t.pass(`skipped: ${why}`, { skip: why })
  return undefined
}

t.test('Dockerfile: what it copies is there, and it runs as it says', t => {
  const ignored = read('.dockerignore').split('\n')
  const copied = instructions.filter(line => line.startsWith('COPY ') && !line.includes('--from')).flatMap(line => line.split(' ').slice(1, -1))
  t.ok(copied.length > 5)
  for (const name of copied) t.ok(existsSync(join(root, name)) && !ignored.includes(name), name)
  for (const folder of (JSON.parse(read('tsconfig.build.json').replace(/\/\/.*/g, '')) as { include: string[] }).include) t.ok(copied.includes(folder), `the build needs ${folder}`)
  const version = /^ARG NODE=(\d+)-/m.exec(read('Dockerfile'))?.[1]
  t.ok(Number(version) >= Number(/\d+/.exec(engines.node)?.[0]))
  t.equal(instruction('USER'), 'node', 'not as root')
  const [, healthCheck = ''] = instruction('HEALTHCHECK').split('CMD ')
  t.same(JSON.parse(healthCheck), ['node', bin.switchyard, 'health'])
  const command = JSON.parse(instruction('CMD')) as string[]
  t.equal(command.at(-1), bin.switchyard)
  for (const secret of ['.env', 'config.json', 'data', '.backups', 'logs']) t.ok(ignored.includes(secret), `${secret} stays out of the image`)
  t.end()
})

interface Service { image?: string, build?: string, env_file?: object[], profiles?: string[], healthcheck?: object, environment?: Record<string, unknown>, volumes?: string[], depends_on?: Record<string, { condition: string }>, stop_grace_period?: string }

t.test('docker-compose.yml', async t => {
  const document = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service>, volumes: Record<string, null> }
  const { services, volumes } = document

  t.test('has the form of the Compose specification', t => {
    // That of https://github.com/compose-spec/compose-spec, which names its draft by an address that ajv does not know.
    const { $schema, ...schema } = JSON.parse(readFileSync(join(require.resolve('dclint'), '..', '..', 'schemas', 'compose.schema.json'), 'utf8')) as Record<string, unknown>
    t.match($schema, 'draft-07')
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema)
    t.ok(validate(document), JSON.stringify(validate.errors))
    t.notOk(validate({ services: { a: { imagge: 'b' } } }), 'what is no key is found')
    t.end()
  })

  t.test('Compose itself takes it', async t => {
    const text = await tool(t, [['docker', 'compose'], ['docker-compose']], '--profile', 'team', 'config')
    if (text !== undefined) t.match(text, /\bbalancer:/)
  })

  t.test('every service is looked after, and waits for what it needs', t => {
    t.match(Object.keys(services).filter(name => services[name]?.profiles === undefined), ['switchyard'], 'one machine needs one service')
    for (const [name, service] of Object.entries(services)) {
      t.ok(service.healthcheck !== undefined || service.build === '.', `${name} has a health check, its own or that of the image`)
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) t.ok(needed in services && condition === 'service_healthy', needed)
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':')
        t.ok(source.startsWith('.') ? existsSync(join(root, source)) : source in volumes, `${name}: ${source}`)
      }
      const answers = service.build !== undefined || name === 'balancer'
      if (answers) t.ok(Number.parseInt(service.stop_grace_period ?? '') >= GRACE + MARGIN, `${name} has the time to finish answers`)
    }
    t.end()
  })

  t.test('variables of the routers are settings, and replicas have what they share', t => {
    for (const name of ['switchyard', 'router']) {
      for (const variable of Object.keys(services[name]?.environment ?? {})) t.ok(settings.includes(`\`${variable}\``), variable)
    }
    t.match(services['router']?.environment, { DATABASE_URL: /@postgres:5432\//, REDIS_URL: 'redis://redis:6379', CONFIG_STORE: 'postgres', KEY_HASH_SECRET: String })
    t.equal(services['router']?.volumes, undefined, 'no two routers share a folder')
    t.end()
  })

  t.test('the routers get whatever stands in .env, but for what a container needs', t => {
    for (const name of ['switchyard', 'router']) {
      const { env_file: files, environment = {} } = services[name] ?? {}
      t.same(files, [{ path: '.env', required: false }])
      t.match(environment, { HOST: '0.0.0.0', PORT: 3456 }, 'these are the machine\'s there')
      // Of one that has a default here, names of other gateways for the same would have no effect.
      for (const [variable, value] of Object.entries(environment)) t.notMatch(String(value), /:-[^}]/, variable)
    }
    t.end()
  })
})

t.test('the systemd unit', async t => {
  const unit = read('deploy/switchyard.service')
  t.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) >= GRACE + MARGIN)
  t.match(unit, new RegExp(`^ExecStart=\\S+/node .*/${bin.switchyard}$`, 'm'))
  // Without netlink, `os.networkInterfaces()` throws, which Fastify calls for an address such as 0.0.0.0.
  const families = /^RestrictAddressFamilies=(.*)$/m.exec(unit)?.[1]?.split(' ')
  t.same(families?.sort(), ['AF_INET', 'AF_INET6', 'AF_NETLINK', 'AF_UNIX'])
  const folder = await gatewayFolder(t, {})
  const path = join(folder, 'switchyard.service')
  // Node may be elsewhere on this machine.
  await writeFile(path, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`))
  const there = await run('systemd-analyze', ['--version']).then(() => true, () => false)
  if (there) t.equal((await run('systemd-analyze', ['verify', path])).stderr, '')
  else t.pass('skipped: there is no systemd-analyze here', { skip: 'there is no systemd-analyze here' })
})

t.test('proxies tell whom they ask for: nobody behind them is of this machine', t => {
  t.match(read('deploy/nginx.conf'), /^ *proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;$/m)
  // Caddy and ingress-nginx do so by themselves, unless they are told not to.
  for (const name of ['deploy/Caddyfile', 'deploy/kubernetes/ingress.yaml']) t.notMatch(read(name), /forwarded/i, name)
  t.end()
})

t.test('the PM2 file', t => {
  const { apps: [app] } = require(join(root, 'deploy', 'ecosystem.config.cjs')) as { apps: [{ script: string, kill_timeout: number, exec_mode: string }] }
  t.equal(app.script, join(root, bin.switchyard))
  t.ok(app.kill_timeout / 1000 >= GRACE + MARGIN)
  t.equal(app.exec_mode, 'cluster', 'so that it can be reloaded')
  t.end()
})

t.test('the commands of docs/deploy.md', async t => {
  const blocks = [...read('docs/deploy.md').matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block)

  t.test('what systemd runs is what runs, and no secret or account of the checkout', t => {
    const copied = /cp -r (.*) \/opt\/switchyard /.exec(blocks.join(''))?.[1]?.split(' ') ?? []
    t.same(copied, ['dist', 'node_modules', 'package.json', 'config.schema.json'])
    for (const name of copied) t.ok(existsSync(join(root, name)), name)
    t.end()
  })

  t.test('.env is for its owner alone, and one that is there stays as it is', async t => {
    const [snippet = ''] = /^\(umask[^]*\nEND\n/m.exec(blocks.find(block => block.includes('POSTGRES_PASSWORD')) ?? '') ?? []
    const folder = await gatewayFolder(t, {})
    const there = await run('bash', ['-c', 'openssl version'], { cwd: folder }).then(() => true, () => false)
    if (!there) return t.pass('skipped: there is no bash or no openssl here', { skip: 'there is no bash or no openssl here' })
    await run('bash', ['-c', snippet], { cwd: folder })
    const written = readFileSync(join(folder, '.env'), 'utf8')
    t.match(written, /^APIKEY=.*\nOPENROUTER_API_KEY=.*\nPOSTGRES_PASSWORD=\w{48}\nKEY_HASH_SECRET=\S{44}\n$/)
    t.equal(statSync(join(folder, '.env')).mode & 0o777, 0o600)
    await t.rejects(run('bash', ['-c', snippet], { cwd: folder }), /cannot overwrite existing file/)
    t.equal(readFileSync(join(folder, '.env'), 'utf8'), written, 'with another password the database of the volume would refuse us')
  })

  t.test('a container comes back after a failure, and has the time to end', t => {
    const command = blocks.find(block => block.includes('docker run')) ?? ''
    t.match(command, /--restart unless-stopped/)
    t.ok(Number(/--stop-timeout (\d+)/.exec(command)?.[1]) >= GRACE + MARGIN)
    t.end()
  })
})

t.test('docs/deploy.md names every file of deploy/, and what it links to is there', t => {
  const text = read('docs/deploy.md')
  for (const name of readdirSync(join(root, 'deploy'))) if (name !== 'Caddyfile') t.ok(text.includes(`(../deploy/${name})`) || text.includes(`deploy/${name}`), name)
  for (const [, link = ''] of text.matchAll(/\]\(([^)#]*)(?:#[^)]*)?\)/g)) if (link !== '') t.ok(existsSync(join(root, 'docs', link)), link)
  t.end()
})
