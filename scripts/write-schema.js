// Writes config.schema.json, which editors complete and check config.json by: npm run schema
import { writeFile } from 'node:fs/promises'
import { configSchema } from '../dist/src/config/schema.js'

await writeFile(new URL('../config.schema.json', import.meta.url), `${JSON.stringify(configSchema, null, 2)}\n`)
