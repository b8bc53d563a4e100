import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FOREIGN_VARIABLES } from '../../src/config/environment/variables.ts'

const docs = join(import.meta.dirname, '..', '..', 'docs')
const page = (name: string): string => readFileSync(join(docs, name), 'utf8')
const migrate = page('migrate.md')

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf (text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'))
}

t.test('every variable of other gateways is in both tables', async t => {
  for (const name of FOREIGN_VARIABLES) for (const [where, text] of [['migrate.md', migrate], ['configuration.md', page('configuration.md')]] as const) t.match(text, new RegExp(`^\\|[^|]*\`${name}\``, 'm'), `${name} in ${where}`)
})

t.test('its links lead somewhere', async t => {
  for (const [, file = '', anchor = ''] of migrate.matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)) {
    t.ok(anchorsOf(file === '' ? migrate : page(file)).includes(anchor), `${file}#${anchor}`)
  }
})
