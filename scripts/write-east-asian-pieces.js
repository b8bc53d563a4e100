import { readFileSync, writeFileSync } from 'node:fs'
import { decode } from 'gpt-tokenizer/encoding/o200k_base'
import { BITS, hashOf, probes } from '../dist/src/message/east-asian-pieces.js'

// Writes the table of src/message/east-asian-pieces.ts anew: which pieces of Han, kana and Hangul o200k has as tokens.
// Run it after a change of the hash, as `npm run build && node scripts/write-east-asian-pieces.js`.
const TOKENS = 199_998
const LONGEST = 3
const PIECE = /^ ?[\u3005-\u30ff\u3400-\u9fff\uac00-\ud7a3]+$/
const LINE = 116

const path = new URL('../src/message/east-asian-pieces.ts', import.meta.url)
const table = new Uint8Array(BITS / 8)
for (let id = 0; id < TOKENS; id++) {
  const piece = decode([id])
  if (!PIECE.test(piece) || piece.trimStart().length > LONGEST) continue
  let hash = 0
  for (let at = 0; at < piece.length; at++) hash = hashOf(hash, piece.charCodeAt(at))
  for (const bit of probes(hash)) table[bit >> 3] |= 1 << (bit & 7)
}
const lines = Buffer.from(table).toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')).map(line => `  '${line}'`)
const source = readFileSync(path, 'utf8')
const head = source.slice(0, source.indexOf('const TABLE ='))
writeFileSync(path, `${head}const TABLE = Buffer.from([\n${lines.join(',\n')}\n].join(''), 'base64')\n`)
