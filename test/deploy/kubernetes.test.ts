import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { offlineApp } from '../../src/cli/offline-app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import { gatewayFolder } from '../helper/gateway-process.ts'
import { imageEnv } from './image.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'deploy', 'kubernetes')
const settings = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8')

interface Manifest { apiVersion: string, kind: string, metadata: { name: string, labels?: object }, data?: Record<string, string>, stringData?: Record<string, string>, spec?: unknown }
interface Probe { httpGet: { path: string, port: string } }
interface Container {
  ports: { name: string, containerPort: number }[]
  envFrom: ({ configMapRef: { name: string } } | { secretRef: { name: string } })[]
  startupProbe: Probe
  livenessProbe: Probe
  readinessProbe: Probe
  lifecycle: { preStop: { exec: { command: string[] } } }
  volumeMounts: { name: string, mountPath: string }[]
}
interface DeploymentSpec {
  replicas: number
  selector: { matchLabels: Record<string, string> }
  template: { metadata: { labels: Record<string, string> }, spec: { terminationGracePeriodSeconds: number, containers: [Container], volumes: { name: string, configMap?: { name: string }, emptyDir?: object }[] } }
}

const files = readdirSync(folder).filter(name => name !== 'kustomization.yaml')
const manifests = files.flatMap(name => parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map(document => {
  if (document.errors.length > 0) throw new Error(`${name}: ${document.errors.join()}`)
  return document.toJSON() as Manifest
}))
const named = <T = Manifest>(kind: string, name = 'switchyard'): T => manifests.find(manifest => manifest.kind === kind && manifest.metadata.name === name) as T
const deployment = named<{ spec: DeploymentSpec }>('Deployment').spec
const { metadata: { labels }, spec: pod } = deployment.template
const [container] = pod.containers

t.test('each has the form that Kubernetes has for its kind', async t => {
  for (const manifest of manifests) {
    const { [manifest.kind]: Model } = await import(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`) as Record<string, new (manifest: object) => { validate (): void }>
    if (Model === undefined) throw new Error(`there is no kind ${manifest.kind}`)
    t.doesNotThrow(() => new Model(manifest).validate(), manifest.kind)
  }
})

t.test('what they name is there', t => {
  const { resources } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as { resources: string[] }
  for (const name of resources) t.ok(existsSync(join(folder, name === 'secret.yaml' ? 'secret.example.yaml' : name)), name)
  t.strictSame(new Set(resources.map(name => name.replace('secret.', 'secret.example.'))), new Set(files), 'and all of them are applied')
  const selectors = [deployment.selector.matchLabels, named<{ spec: { selector: Record<string, string> } }>('Service').spec.selector, named<{ spec: { selector: { matchLabels: Record<string, string> } } }>('PodDisruptionBudget').spec.selector.matchLabels]
  for (const selector of selectors) t.match(labels, selector)
  const ports = container.ports.map(({ name }) => name)
  const service = named<{ spec: { ports: { name: string, targetPort: string }[] } }>('Service').spec
  for (const { targetPort } of service.ports) t.ok(ports.includes(targetPort))
  const { rules } = named<{ spec: { rules: { http: { paths: { backend: { service: { name: string, port: { name: string } } } }[] } }[] } }>('Ingress').spec
  t.equal(JSON.stringify(named('Ingress')).includes('ssl-redirect'), false, 'ingress-nginx leads from HTTP to HTTPS by itself')
  for (const { backend } of rules.flatMap(rule => rule.http.paths)) t.match(backend.service, { name: 'switchyard', port: { name: service.ports[0]?.name } })
  for (const { name } of container.volumeMounts) t.ok(pod.volumes.some(volume => volume.name === name), name)
  for (const { configMap } of pod.volumes) if (configMap !== undefined) t.ok(named('ConfigMap', configMap.name))
  t.equal(container.ports[0]?.containerPort, configSchema.properties.PORT.default)
  t.end()
})

t.test('pods are asked at the right places, and have the time to end', t => {
  t.match([container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ httpGet }) => httpGet.path), ['/health', '/health', '/health'], 'a provider that is down takes no pod away: fallbacks serve then')
  const pause = Number(container.lifecycle.preStop.exec.command.at(-1))
  t.ok(pod.terminationGracePeriodSeconds >= pause + configSchema.properties.Stream.properties.shutdownGrace.default / 1000 + 5)
  const { minAvailable } = named<{ spec: { minAvailable: number } }>('PodDisruptionBudget').spec
  t.ok(minAvailable < deployment.replicas, 'a node can be emptied')
  t.end()
})

t.test('variables are settings, and the service takes the configuration', async t => {
  const env: Record<string, string> = {}
  for (const source of container.envFrom) {
    const { data, stringData } = 'configMapRef' in source ? named('ConfigMap', source.configMapRef.name) : named('Secret', source.secretRef.name)
    Object.assign(env, data, stringData)
  }
  for (const name of Object.keys(env)) t.ok(settings.includes(`\`${name}\``), name)
  t.match(env, { CONFIG_STORE: 'postgres', CONFIG_PATH: '/app/config/config.json', DATABASE_URL: /^postgres:/, REDIS_URL: /^redis:/, KEY_HASH_SECRET: '', APIKEY: '' })
  const folder = await gatewayFolder(t, JSON.parse(named('ConfigMap', 'switchyard-config').data?.['config.json'] ?? '') as object)
  const app = await offlineApp({ ...imageEnv, ...env, CONFIG_PATH: join(folder, 'config.json'), OPENROUTER_API_KEY: 'sk-or-x' })
  t.teardown(() => app.close())
  const { router, usage } = await loadConfig(app.env, app.processEnv, app.transformers)
  t.equal(router.default[0].name, 'openrouter,anthropic/claude-sonnet-4.5')
  const mount = container.volumeMounts.find(({ mountPath }) => mountPath === usage.spoolFolder)
  t.match(pod.volumes.find(({ name }) => name === mount?.name), { emptyDir: {} }, 'lines that the database could not take have a place that can be written to')
})
