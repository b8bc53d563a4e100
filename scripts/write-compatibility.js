// Writes the table of docs/compatibility.md, which is made of what the tests of test/compatibility assert. Run by `npm run docs`.
import { readFile, writeFile } from 'node:fs/promises'

// The tests are TypeScript, which tap's own loader reads.
process.env.TS_NODE_TRANSPILE_ONLY = '1'
await import('@tapjs/typescript/import')
const { MARK, compatibilityTable } = await import('../test/compatibility/table.ts')

const file = new URL('../docs/compatibility.md', import.meta.url)
const text = await readFile(file, 'utf8')
const place = new RegExp(`(<!-- ${MARK} -->\\n)[^]*(\\n<!-- end of ${MARK} -->)`)
if (!place.test(text)) throw new Error(`docs/compatibility.md has no place for the table: <!-- ${MARK} -->`)
await writeFile(file, text.replace(place, (_, begin, end) => begin + compatibilityTable() + end))
