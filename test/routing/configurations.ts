import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ConfigError } from '../../src/config/config-error.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/snapshot.ts'
import type { TransformerCatalogue } from '../../src/config/transformers.ts'
import type { Target, TransformerPair } from '../../src/provider.ts'
import { decide } from '../../src/routing/decide.ts'
import { describe } from '../../src/routing/describe.ts'
import { type Explanation, explain } from '../../src/routing/explain.ts'
import type { Fitting } from '../../src/routing/fit.ts'
import type { Route } from '../../src/routing/route.ts'
import type { Router } from '../../src/routing/router.ts'
import type { Given } from '../../src/routing/rules.ts'
import type { RequestTraits } from '../../src/routing/traits.ts'
import type { ClientRequest } from '../helper/claude-code-requests.ts'

const never = (): never => { throw new Error('nobody is asked here') }
const pair: TransformerPair = { name: 'openai', wire: 'openai', encodeRequest: never, decodeReply: never, decodeError: never }
/** Not that of the whole service, which takes seconds to compile for every file of tests. */
const catalogue: TransformerCatalogue = { pairs: [pair], adapters: [], pair: name => name === pair.name ? pair : undefined, adapter: () => undefined }

const folder = await mkdtemp(join(tmpdir(), 'switchyard-routing-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

/** Loads a document as the service does at its start. */
export async function load (document: object, processEnv: NodeJS.ProcessEnv = {}): Promise<Config> {
  const path = join(await mkdtemp(join(folder, 'c-')), 'config.json')
  await writeFile(path, JSON.stringify(document))
  return loadConfig({ CONFIG_PATH: path }, processEnv, catalogue)
}

/** Everything that keeps a document from being used. */
export async function problemsOf (document: object): Promise<readonly string[]> {
  try {
    await load(document)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems
  }
}

/** A provider `p` with models that are not known to the gateway, so that their names say where a request went and no more. */
export function provider (models: string[], rest: object = {}): object {
  return { name: 'p', api_base_url: 'http://127.0.0.1:1/v1', models, transformer: { use: ['openai'] }, ...rest }
}

/** As estimated, for tests that are not about what providers count. */
export const AS_ESTIMATED: Fitting = { tokensFor: (_target: Target, { promptTokens }: RequestTraits) => promptTokens }

export function traitsOf ({ headers, body }: ClientRequest, key?: string): RequestTraits {
  return describe(body, { headers, key })
}

export function routeOf (request: ClientRequest, router: Router, given: Given = {}, fitting: Fitting = AS_ESTIMATED): Route {
  return decide(traitsOf(request), router, { ...given, ...fitting })
}

export function explainOf (request: ClientRequest, router: Router, given: Given = {}): { rules: Explanation[], route: Route } {
  return explain(traitsOf(request), router, { ...given, ...AS_ESTIMATED })
}
