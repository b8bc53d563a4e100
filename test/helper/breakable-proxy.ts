import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import type { Test } from 'tap'

/** A way to a server that can be cut, or let hang. */
export interface BreakableProxy {
  readonly port: number
  /** Breaks all connections, and takes no new ones. */
  cut (): void
  /** Keeps connections, and lets nothing pass. */
  hang (): void
  /** All is well again. */
  mend (): void
}

/** Opens a way to a port of this machine; closed with the test. */
export async function openProxy (t: Pick<Test, 'teardown'>, target: number): Promise<BreakableProxy> {
  const pairs = new Set<[Socket, Socket]>()
  let state: 'well' | 'cut' | 'hanging' = 'well'
  const server = createServer(client => {
    if (state === 'cut') return client.destroy()
    const upstream = connect(target, '127.0.0.1')
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    for (const [from, to] of [pair, [upstream, client]] as const) {
      from.on('data', bytes => { if (state !== 'hanging') to.write(bytes) })
      from.on('error', () => {})
      from.on('close', () => {
        to.destroy()
        pairs.delete(pair)
      })
    }
  })
  const breakAll = (): void => { for (const pair of pairs) for (const socket of pair) socket.destroy() }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    breakAll()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    cut () {
      state = 'cut'
      breakAll()
    },
    hang () { state = 'hanging' },
    mend () {
      // What was swallowed while it hung is lost: such a connection is of no use any more.
      breakAll()
      state = 'well'
    }
  }
}
