/**
 * What is measured. `connections` are those of the run that fills the gateway; `latency` says whether there is also a
 * run with one connection. Sizes are those of the request.
 *
 * Two kinds of stream, because what an event costs hangs on how many arrive at once: in `stream` the upstream writes
 * as fast as it is read, 16 events a time; in `paced` every event travels alone, as from a model that thinks.
 */
export const SCENARIOS = {
  '1KB': { title: '1 KB request', bytes: 1024, pieces: 100, stream: false, connections: 64, latency: true },
  '80KB': { title: '80 KB request', bytes: 80 * 1024, pieces: 100, stream: false, connections: 64, latency: true },
  '1MB': { title: '1 MB request', bytes: 1024 * 1024, pieces: 100, stream: false, connections: 64, latency: true },
  stream: { title: 'stream of 500 events', bytes: 1024, pieces: 500, stream: true, batch: 16, everyMs: 0, connections: 64, latency: true },
  paced: { title: 'stream of 500 events, one per ms', bytes: 1024, pieces: 500, stream: true, batch: 1, everyMs: 1, connections: 16, latency: false }
}
