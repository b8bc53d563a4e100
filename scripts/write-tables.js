// Writes the tables of the docs that are made of the code, each between two marks. Run it by `npm run docs`.
import { readFile, writeFile } from 'node:fs/promises'
import { PLAIN_SETTINGS } from '../dist/src/config/environment.js'
import { allSettings } from '../dist/src/config/settings.js'
import { TRAITS } from '../dist/src/routing/condition-traits.js'
import { RULES } from '../dist/src/routing/rules.js'
import { REQUEST_FIELDS } from '../dist/src/wire/request-fields.js'
import { fieldTable } from './field-table.js'
import { ruleTable, traitTable } from './routing-tables.js'
import { settingsTable } from './settings-table.js'

async function write (name, tables) {
  const file = new URL(`../docs/${name}`, import.meta.url)
  let text = await readFile(file, 'utf8')
  for (const [mark, table] of Object.entries(tables)) {
    text = text.replace(new RegExp(`(<!-- ${mark} -->\\n)[^]*(\\n<!-- end of ${mark} -->)`), (_, begin, end) => begin + table + end)
  }
  await writeFile(file, text)
}

await write('configuration.md', { settings: settingsTable(allSettings(), PLAIN_SETTINGS) })
await write('providers.md', { fields: fieldTable(REQUEST_FIELDS) })
await write('routing.md', { rules: ruleTable(RULES), traits: traitTable(TRAITS) })
