import { deflateSync } from 'node:zlib'
import t from 'tap'
import { blockTokens } from '../../src/message/estimate.ts'
import { imageTokens } from '../../src/message/image-tokens.ts'

const MOST = 1600

const base64 = (bytes: Buffer, type = 'image/png') => ({ type: 'base64' as const, media_type: type, data: bytes.toString('base64') })

function png (width: number, height: number, body = Buffer.alloc(0)): Buffer {
  const header = Buffer.from('89504e470d0a1a0a0000000d49484452000000000000000008060000000000000000000000', 'hex')
  header.writeUInt32BE(width, 16)
  header.writeUInt32BE(height, 20)
  return Buffer.concat([header, body])
}

function gif (width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write('GIF89a')
  bytes.writeUInt16LE(width, 6)
  bytes.writeUInt16LE(height, 8)
  return bytes
}

/** Of a size in its extended header (https://developers.google.com/speed/webp/docs/riff_container). */
function webp (width: number, height: number): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write('RIFF')
  bytes.writeUInt32LE(56, 4)
  bytes.write('WEBPVP8X', 8)
  bytes.writeUInt32LE(10, 16)
  bytes.writeUIntLE(width - 1, 24, 3)
  bytes.writeUIntLE(height - 1, 27, 3)
  return bytes
}

function segment (marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

/** With blocks of EXIF and of colour profiles before the size: a camera's thumbnail is in there. */
function jpeg (width: number, height: number, ...metadata: number[]): Buffer {
  const frame = Buffer.from([8, 0, 0, 0, 0, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1])
  frame.writeUInt16BE(height, 1)
  frame.writeUInt16BE(width, 3)
  const exif = metadata.map((length, index) => segment(0xe1 + index, Buffer.concat([Buffer.from('Exif\0\0II*\0\x08\0\0\0\0\0', 'latin1'), Buffer.alloc(length, 0x41)])))
  return Buffer.concat([Buffer.from([0xff, 0xd8]), segment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0', 'latin1')), ...exif, segment(0xc0, frame), Buffer.alloc(200, 0x55)])
}

t.test('a picture costs its pixels by 750, of whichever format', async t => {
  const expected = Math.ceil(800 * 600 / 750)
  t.equal(imageTokens(base64(png(800, 600))), expected)
  t.equal(imageTokens(base64(gif(800, 600), 'image/gif')), expected)
  t.equal(imageTokens(base64(webp(800, 600), 'image/webp')), expected)
  t.equal(imageTokens(base64(jpeg(800, 600), 'image/jpeg')), expected)
  t.equal(imageTokens(base64(png(1, 1))), 1)
})

t.test('the size of a JPEG is found behind large metadata', async t => {
  t.equal(imageTokens(base64(jpeg(400, 300, 2000), 'image/jpeg')), 160)
  t.equal(imageTokens(base64(jpeg(400, 300, 60_000), 'image/jpeg')), 160)
  t.equal(imageTokens(base64(jpeg(400, 300, 60_000, 60_000, 60_000), 'image/jpeg')), 160)
  t.equal(imageTokens(base64(jpeg(400, 300, ...Array<number>(6).fill(60_000)), 'image/jpeg')), MOST, 'but not beyond 256 KB')
})

t.test('large pictures are scaled down, and none costs more than 1,600', async t => {
  t.equal(imageTokens(base64(png(3136, 784))), Math.ceil(1568 * 392 / 750))
  t.equal(imageTokens(base64(png(1920, 1080))), MOST)
  t.equal(imageTokens(base64(png(0xffffffff, 0xffffffff))), MOST)
  t.equal(imageTokens(base64(png(0, 100))), MOST)
})

t.test('what cannot be read costs the most', async t => {
  t.equal(imageTokens({ type: 'url', url: 'https://example.com/a.png' }), MOST)
  t.equal(imageTokens({ type: 'file', file_id: 'file_1' }), MOST)
  for (const bytes of [Buffer.alloc(0), Buffer.from('garbage'), png(800, 600).subarray(0, 12), jpeg(800, 600).subarray(0, 24), Buffer.concat([Buffer.from('ffd8ffe0', 'hex'), Buffer.alloc(300_000, 0x41)]), Buffer.from('<svg width="9" height="9"/>')]) {
    t.equal(imageTokens(base64(bytes)), MOST, `${bytes.length} bytes`)
  }
  t.equal(imageTokens({ type: 'base64', media_type: 'image/png', data: '!!!!' }), MOST)
})

t.test('nothing is read behind a picture that is cut, whatever lies there', async t => {
  // Small buffers are parts of a larger one: the rest of the picture lies where one of the next of them will end.
  for (let ahead = 8; ahead <= 256; ahead += 8) {
    const whole = jpeg(800, 600)
    whole[14] = ahead
    const data = whole.subarray(0, 24).toString('base64')
    const { buffer, byteOffset } = Buffer.allocUnsafe(8)
    if (byteOffset + ahead + whole.length > buffer.byteLength) continue
    new Uint8Array(buffer).set(whole, byteOffset + ahead)
    t.equal(imageTokens({ type: 'base64', media_type: 'image/jpeg', data }), MOST)
  }
})

t.test('a screenshot of 300 KB is a picture and no text', async t => {
  let state = 1
  const noise = Buffer.from(Uint8Array.from({ length: 300_000 }, () => (state = Math.imul(state, 1103515245) + 12345) >>> 16))
  const source = base64(png(1280, 720, deflateSync(noise)))
  t.ok(source.data.length > 300_000)
  const tokens = Math.ceil(1280 * 720 / 750)
  t.equal(blockTokens({ type: 'image', source }), tokens)
  t.equal(blockTokens({ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'image', source }] }), tokens)
})

t.test('a PDF costs by its size, as pages of 50 KB', async t => {
  const pdf = (length: number) => blockTokens({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'A'.repeat(length) } })
  t.equal(pdf(100), 2250)
  t.equal(pdf(4 * 50_000), 3 * 2250)
  t.equal(pdf(20_000_000), 100 * 2250)
  t.equal(blockTokens({ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }), 2250)
})
