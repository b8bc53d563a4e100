import { Readable, type Transform, pipeline } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import { ApiError } from '../errors.ts'

type Read = () => Promise<Buffer | null>

/**
 * A body without its `content-encoding`. None is asked for, but some servers and the proxies before them compress
 * whatever they send.
 * @param read gets the next piece of the compressed body, null at its end
 * @returns what gets the next piece of the plain body; it throws where the encoding is not known
 */
export function decompress (encoding: string, read: Read): Read {
  const names = encoding.toLowerCase().split(',').map(name => name.trim()).filter(name => name !== '' && name !== 'identity')
  if (names.length === 0) return read
  let iterator: AsyncIterator<Buffer> | undefined
  return async () => {
    iterator ??= await unpack(names.join(', '), read)
    const { done, value } = await iterator.next()
    return done === true ? null : value
  }
}

async function unpack (name: string, read: Read): Promise<AsyncIterator<Buffer>> {
  const first = await read()
  const decoder = decoderOf(name, first?.[0])
  if (decoder === undefined) throw new ApiError('api_error', `The provider sent a reply in the encoding ${name.slice(0, 50)}, which the gateway does not read.`, { status: 502 })
  pipeline(Readable.from(pieces(first, read), { objectMode: false }), decoder, () => {})
  return decoder[Symbol.asyncIterator]() as AsyncIterator<Buffer>
}

/** Of `deflate` there are two forms: with a zlib header, as is right, and without. */
function decoderOf (name: string, firstByte: number | undefined): Transform | undefined {
  switch (name) {
    case 'gzip': case 'x-gzip': return createGunzip()
    case 'deflate': return firstByte !== undefined && (firstByte & 15) === 8 ? createInflate() : createInflateRaw()
    case 'br': return createBrotliDecompress()
    default: return undefined
  }
}

async function * pieces (first: Buffer | null, read: Read): AsyncGenerator<Buffer> {
  for (let piece = first; piece !== null; piece = await read()) yield piece
}
