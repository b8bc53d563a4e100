// Writes the table of request fields into docs/providers.md; the source is src/wire/request-fields.ts. Run it by `npm run docs`.
import { readFile, writeFile } from 'node:fs/promises'
import { REQUEST_FIELDS } from '../dist/src/wire/request-fields.js'
import { fieldTable } from './field-table.js'

const file = new URL('../docs/providers.md', import.meta.url)
const text = await readFile(file, 'utf8')
await writeFile(file, text.replace(/(<!-- fields -->\n)[^]*(\n<!-- end of fields -->)/, (_, begin, end) => begin + fieldTable(REQUEST_FIELDS) + end))
