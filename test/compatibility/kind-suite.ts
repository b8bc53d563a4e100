import type { Test } from 'tap'
import { ONE_TRY, startApp } from '../helper/app.ts'
import { KINDS, type KindName } from '../helper/kinds/index.ts'
import type { Ask as Request } from '../helper/kinds/server.ts'
import { startKind } from '../helper/kinds/server.ts'
import { arrived } from './arrived.ts'
import type { Ingress, Play, Step } from './case.ts'
import { type Cell, INGRESSES, cellsOf } from './cells.ts'
import { CLIENTS, type Client, type Conversation } from './client.ts'
import { perform } from './perform.ts'
import { wholeServer } from './whole-server.ts'

/** Tests every cell of a provider's rows: the whole service between the official SDKs and a server as strict as the real one. */
export async function kindSuite (t: Test, name: KindName): Promise<void> {
  let play: Play | undefined
  const requests: Request[] = []
  const server = await startKind(t, wholeServer(KINDS[name]), request => {
    requests.push(request)
    return perform(request, play)
  })
  const cells = cellsOf(name)
  // One provider for each conversation: after a failure its keys rest.
  const providers = cells.flatMap(({ steps }) => steps).map((_, i) => `${name}-${i}`)
  const { app, url } = await startApp(t, { config: { Providers: providers.map(server.entry), Router: { default: `${providers[0]},${server.kind.model}` }, ...ONE_TRY } })
  // A client whose stream broke opens its next connection at once; one that was never used would hold up the end of the file.
  t.teardown(() => app.server.closeAllConnections())
  const clients = Object.fromEntries(INGRESSES.map(ingress => [ingress, CLIENTS[ingress](url)])) as Record<Ingress, Client>

  for (const cell of cells) {
    await t.test(titleOf(cell), async t => {
      let conversation: Conversation | undefined
      for (const step of cell.steps) {
        play = step.play
        requests.length = 0
        if ('prompt' in step.ask) conversation = clients[cell.ingress](`${providers.shift()},${server.kind.model}`, cell.form)
        await check(t, step, conversation as Conversation, requests)
      }
    })
  }
}

function titleOf ({ ingress, form, case: { name } }: Cell): string {
  return `${ingress}, ${form}: ${name}`
}

async function check (t: Test, { ask, gets, arrives }: Step, conversation: Conversation, requests: Request[]): Promise<void> {
  const outcome = await outcomeOf('prompt' in ask ? conversation.ask(ask) : conversation.give(ask.results))
  if ('words' in gets) {
    const { words, ...failed } = gets
    const { message, ...told } = outcome as { message: string }
    t.strictSame(told, failed, 'the error that the client gets')
    t.match(message, words, 'its words')
  } else t.strictSame(outcome, gets, 'what the client gets')
  t.equal(requests.length, 1, 'one request reached the provider')
  const [request] = requests
  if (request === undefined) return
  const { system, ...rest } = arrives
  const reading = arrived(request)
  t.hasStrict(reading, rest, 'what reached the provider')
  if (system instanceof RegExp) t.match(reading.system, system, 'the system prompt that reached it')
  else if (system !== undefined) t.equal(reading.system, system, 'the system prompt that reached it')
}

/** What the client got, or an error as far as it is compared. */
async function outcomeOf (answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer
  } catch (thrown) {
    const error = thrown as Error & { status?: number, headers?: Headers }
    return { error: error.constructor.name, status: error.status, retryAfter: error.headers?.get('retry-after') ?? null, message: error.message }
  }
}
