import { chmod, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../config/config-error.ts'
import { DOCUMENT_VARIABLE } from '../config/environment-settings.ts'
import { FOREIGN_VARIABLES } from '../config/environment/variables.ts'
import { DEFAULT_PATH } from '../config/load.ts'
import type { Config } from '../config/snapshot.ts'
import { writtenFromEnvironment } from '../config/written-document.ts'
import { addressOf } from './address.ts'
import { checkConfig } from './check.ts'
import { type FirstConfig, besideEnvironment, firstConfig } from './first-config.ts'
import { offlineApp } from './offline-app.ts'
import { type Outcome, outcome } from './outcome.ts'

/** Variables that hold providers already: what they say is written, and nothing is looked for. */
const PROVIDERS = [DOCUMENT_VARIABLE, 'SWITCHYARD_PROVIDERS']
/** Variables that count no more once there is a file: nothing of what they say may be lost with that. */
const WITHOUT_FILE = ['OPENROUTER_BASE_URL', 'TARGET_MODEL_DEFAULT', ...FOREIGN_VARIABLES] as const
/** They belong to whichever address of a vLLM server is given: that of another gateway, or the one that is looked for here. */
const OF_VLLM: readonly string[] = ['VLLM_MODEL', 'VLLM_API_KEY']

/** One folder above the sources, two above what is built of them. */
const SCHEMAS = ['../../config.schema.json', '../../../config.schema.json'].map(path => fileURLToPath(new URL(path, import.meta.url)))

/**
 * `switchyard init [file]`: writes a first configuration of what the environment has, and asks nothing.
 * @param file in place of the one that the start would take
 */
export async function init (file: string | undefined, processEnv: NodeJS.ProcessEnv): Promise<Outcome> {
  const path = file ?? (processEnv['CONFIG_PATH'] || DEFAULT_PATH)
  return orProblems([], async () => {
    const { document, notes } = await documentFor(path, processEnv)
    const problem = await write(path, `${JSON.stringify(document, null, 2)}\n`)
    if (problem !== undefined) return outcome(1, [`${path} ${problem}`])
    const written = [`${path} is written; only you may read it`, ...notes.map(note => `  - ${note}`)]
    return orProblems(written, async () => {
      const { config, lines } = await checkConfig(path, processEnv)
      const start = path === (processEnv['CONFIG_PATH'] || DEFAULT_PATH) ? 'npm start' : `CONFIG_PATH=${path} npm start`
      return outcome(0, [...written, ...lines, `Next: ${start}, and then`, `  ${clientLine(config)}`])
    })
  })
}

/** What a step comes to, or what is wrong with the configuration, behind what was done before. */
async function orProblems (before: readonly string[], step: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof ConfigError) return outcome(1, [...before, error.message])
    throw error
  }
}

/** How Claude Code is pointed at a gateway of this machine. */
function clientLine (config: Config): string {
  return `ANTHROPIC_BASE_URL=${addressOf(config)} ANTHROPIC_API_KEY=${config.keys.length > 0 ? '<your key>' : 'any'} claude`
}

async function documentFor (path: string, processEnv: NodeJS.ProcessEnv): Promise<FirstConfig> {
  const $schema = schemaFrom(dirname(resolve(path)))
  const head = { ...($schema !== undefined && { $schema }) }
  const { document, notes } = await withoutHead(processEnv)
  return { document: { ...head, ...document }, notes }
}

async function withoutHead (processEnv: NodeJS.ProcessEnv): Promise<FirstConfig> {
  const holder = PROVIDERS.find(name => processEnv[name])
  const env = withoutOwnVllm(processEnv)
  const lapsing = WITHOUT_FILE.filter(name => env[name])
  if (holder === undefined && lapsing.length === 0) return firstConfig(processEnv)
  const app = await offlineApp(env)
  await app.close()
  const written = writtenFromEnvironment(app.env, app.processEnv)
  if (holder !== undefined) return { document: written, notes: [`It is what the environment says; unset ${holder} and the file takes its place`] }
  const { document, notes } = besideEnvironment(written, processEnv)
  return { document, notes: [`From now on the file counts, and these variables do not, but where it refers to them: ${lapsing.join(', ')}. It has what they say`, ...notes] }
}

function withoutOwnVllm (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!env['VLLM_BASE_URL'] || env['VLLM_URL']) return env
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OF_VLLM.includes(name)))
}

/** Where editors find what completes the file, seen from its folder; undefined where it was not installed. */
function schemaFrom (folder: string): string | undefined {
  const schema = SCHEMAS.find(path => existsSync(path))
  if (schema === undefined) return undefined
  const path = relative(folder, schema).split(sep).join('/')
  return path.startsWith('.') ? path : `./${path}`
}

/** Writes a new file, and none at all where that fails. @returns what was in the way */
async function write (path: string, text: string): Promise<string | undefined> {
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return 'is there already and stays as it is; name another file, or move it away'
    return code === 'ENOENT' ? 'cannot be written: there is no such folder' : `cannot be written: ${message}`
  }
  try {
    await writeFile(path, text)
    // A umask may have taken too much of it.
    await chmod(path, 0o600)
    return undefined
  } catch (error) {
    await rm(path, { force: true })
    return `cannot be written: ${(error as Error).message}`
  }
}
