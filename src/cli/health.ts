import Fastify from 'fastify'
import env from '../../plugins/env.ts'
import { ConfigError } from '../config/config-error.ts'
import { listenPlace } from '../config/listen-place.ts'
import { readDocument } from '../config/load.ts'
import { addressOf } from './address.ts'
import { withFile } from './check.ts'
import { type Outcome, outcome } from './outcome.ts'

/** Milliseconds until an answer must be there; two may be asked, in the five seconds that Docker gives them. */
const PATIENCE = 1500

/** Variables that say where to listen; the image has one. */
const LISTEN = ['HOST', 'PORT', 'SWITCHYARD_HOST', 'SWITCHYARD_PORT']

/**
 * `switchyard health [file]`: whether the service of this machine lives, for whoever looks after its process. Of the configuration
 * it reads where the service listens and nothing else: files of the user's would run each time.
 * @param file in place of the one that the start would take
 */
export async function health (file: string | undefined, processEnv: NodeJS.ProcessEnv): Promise<Outcome> {
  if (file !== undefined) return ask(withFile(file, processEnv))
  const first = await ask(processEnv)
  // Without such a variable another program could be the one that answers.
  if (first.code === 0 || !LISTEN.some(name => processEnv[name])) return first
  // A file that was broken or has another port since is in force after the next start only; the variables cannot have changed.
  const { CONFIG_PATH: _, ...variables } = processEnv
  const second = await ask({ ...variables, SWITCHYARD_CONFIG: '{}' })
  return second.code === 0 ? second : first
}

async function ask (processEnv: NodeJS.ProcessEnv): Promise<Outcome> {
  let url = ''
  try {
    url = `${await addressFor(processEnv)}/health`
    const { status } = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) })
    return outcome(status === 200 ? 0 : 1, [`${url} says ${status}`])
  } catch (error) {
    if (error instanceof ConfigError) return outcome(1, [error.message])
    const { cause = error } = error as Error
    return outcome(1, [`${url} does not answer: ${(cause as Error).message}`])
  }
}

/** @throws {ConfigError} where the configuration cannot be read */
async function addressFor (processEnv: NodeJS.ProcessEnv): Promise<string> {
  const app = Fastify()
  app.register(env, { env: processEnv })
  await app.ready()
  const { document } = await readDocument(app.env, app.processEnv, [])
  await app.close()
  return addressOf(listenPlace(document))
}
