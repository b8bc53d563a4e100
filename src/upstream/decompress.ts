import { Readable, type Transform, pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

const DECODERS: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress
}

/**
 * A body without its `content-encoding`. None is asked for, but some servers and the proxies before them compress
 * whatever they send.
 * @param read gets the next piece of the compressed body, null at its end
 * @returns undefined where nothing has to be undone
 */
export function decompress (encoding: string | string[] | undefined, read: () => Promise<Buffer | null>): (() => Promise<Buffer | null>) | undefined {
  const decoder = DECODERS[String(encoding ?? '').trim().toLowerCase()]?.()
  if (decoder === undefined) return undefined
  pipeline(Readable.from(pieces(read), { objectMode: false }), decoder, () => {})
  const iterator = decoder[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  return async () => {
    const { done, value } = await iterator.next()
    return done === true ? null : value
  }
}

async function * pieces (read: () => Promise<Buffer | null>): AsyncGenerator<Buffer> {
  for (let piece = await read(); piece !== null; piece = await read()) yield piece
}
