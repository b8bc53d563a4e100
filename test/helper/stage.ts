import type { Test } from 'tap'
import { ONE_TRY, startApp } from './app.ts'
import { type Received, type Script, json, startUpstream } from './upstream.ts'

export interface Scene {
  /** The model that a request must name to be answered by the scene's script. */
  model: string
  /** The requests of this scene as the provider received them. */
  requests: Received[]
}

export interface Stage {
  url: string
  /** @param pair the transformer pair of the scene's provider, which has the same name */
  scene (script: Script, pair?: string): Scene
}

const SCENES = 1000

/**
 * One service and one provider for a whole file of tests, since to start them takes longer than most tests. Each scene
 * has a model of its own, and the provider behaves for that model as the scene's script says.
 * @param kinds the transformer pairs to be had, each with a provider of its name; @param rest of the configuration
 * @param uses what stands in `transformer.use`, where it is more than the pair of that name
 */
export async function openStage (t: Pick<Test, 'teardown'>, kinds: readonly string[] = ['openai', 'openrouter'], rest: object = {}, uses: Readonly<Record<string, readonly unknown[]>> = {}): Promise<Stage> {
  const scripts = new Map<string, { script: Script, requests: Received[] }>()
  const upstream = await startUpstream(t, (response, request) => {
    // A look at the server, at the start.
    if (request.method === 'GET') return json(response, {}, 404)
    // Gemini's wire names the model in the path.
    const scene = scripts.get(request.body.model ?? /\/models\/([^:/]+):/.exec(request.path)?.[1] ?? '')
    if (scene === undefined) return response.destroy() as unknown as void
    return scene.script(response, request, scene.requests.push(request) - 1)
  })
  const models = Array.from({ length: SCENES }, (_, i) => `scene-${i}`)
  const provider = (pair: string): object => ({ name: pair, api_base_url: `${upstream.url}/${pair}/${pair === 'gemini' ? 'v1beta' : 'v1'}`, api_key: 'upstream-secret', models, transformer: { use: uses[pair] ?? [pair] } })
  const { app, url } = await startApp(t, { config: { Providers: kinds.map(provider), Router: { default: `${kinds[0]},scene-0` }, ...ONE_TRY, ...rest } })
  // A client that aborts opens its next connection at once; one that was never used would hold up the end of the file.
  t.teardown(() => app.server.closeAllConnections())
  return {
    url,
    scene (script, pair = 'openai') {
      const model = models[scripts.size]
      if (model === undefined) throw new Error('no scene is left: raise SCENES')
      const requests: Received[] = []
      scripts.set(model, { script, requests })
      return { model: `${pair},${model}`, requests }
    }
  }
}
