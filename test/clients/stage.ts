import type { Test } from 'tap'
import { wholeServer } from '../compatibility/whole-server.ts'
import { startApp } from '../helper/app.ts'
import { KINDS, type KindName } from '../helper/kinds/index.ts'
import type { Kind } from '../helper/kinds/kind.ts'
import { type Ask, failure, send, startKind } from '../helper/kinds/server.ts'

/** The key that every client sends, in the way that it sends keys. */
export const KEY = 'sk-client-key'

/** A server of each wire: one whose bytes pass to clients of Anthropic's API, one for those of OpenAI's, and one whose bytes pass to nobody. */
export const SERVERS = ['anthropic', 'openai', 'gemini'] as const satisfies KindName[]

export const SAID = { hello: 'Grüße: 数字 👩🏽‍💻.', warm: 'It is 20 °C.', red: 'Red.', city: { name: 'Bern', people: 134_506 } }

/** What the providers do, by a word of the prompt. */
const PLAYS: Record<string, (ask: Ask) => void | Promise<void>> = {
  greet: ask => send(ask, [{ say: SAID.hello }]),
  weather: ask => send(ask, ask.said.at(-1)?.results.length === 0 ? [{ call: { id: 'call_a', name: 'weather', input: { city: 'Bern' } } }] : [{ say: SAID.warm }]),
  colour: ask => send(ask, [{ say: SAID.red }]),
  describe: ask => send(ask, [{ say: JSON.stringify(SAID.city) }]),
  fail: ({ kind, response }) => failure(kind, response, 429, 'Slow down, please', 3)
}

export interface ClientStage {
  url: string
  /** What reached the providers since it was last emptied. */
  asks: Ask[]
  /** The name by which clients ask for a server's model: a new provider each time, since a failure lets its key rest. */
  modelOf (server: KindName): string
}

/** A gateway that wants a key, and the servers behind it. @param clients how many names each server may be asked for by */
export async function openClientStage (t: Test, clients: number): Promise<ClientStage> {
  const asks: Ask[] = []
  const servers = await Promise.all(SERVERS.map(name => startKind(t, forAnyone(wholeServer(KINDS[name])), ask => {
    asks.push(ask)
    const play = Object.entries(PLAYS).find(([word]) => ask.said[0]?.text.includes(word))?.[1]
    return play === undefined ? failure(ask.kind, ask.response, 400, 'nothing is to be played') : play(ask)
  })))
  const names = (kind: Kind): string[] => Array.from({ length: clients }, (_, i) => `${kind.name}-${i}`)
  const unused = new Map(servers.map(({ kind }) => [kind.name, names(kind)]))
  const { app, url } = await startApp(t, { config: { APIKEY: KEY, Providers: servers.flatMap(server => names(server.kind).map(server.entry)), Router: { default: `anthropic-0,${KINDS.anthropic.model}` }, Failover: { tries: 1 }, Limits: { requestsPerMinute: 10_000 } } })
  t.teardown(() => app.server.closeAllConnections())
  return {
    url,
    asks,
    modelOf (server) {
      const name = unused.get(server)?.shift()
      if (name === undefined) throw new Error('no name is left')
      return `${name},${KINDS[server].model}`
    }
  }
}

/** Where bytes pass, what clients say besides is for the server to judge: a real one knows all that these send. */
function forAnyone (kind: Kind): Kind {
  return kind.name === 'openai' ? { ...kind, judge: request => kind.judge(request).filter(problem => !/unknown field|no room for an answer|\(assistant\): no content/.test(problem)) } : kind
}
