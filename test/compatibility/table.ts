import type { Ingress } from './case.ts'
import { CASES } from './cases.ts'
import { type Cell, FORMS, INGRESSES, ROWS, allCells } from './cells.ts'
import { DIFFERENCES } from './differences.ts'

/** The marks in docs/compatibility.md between which the table stands. */
export const MARK = 'cells'

const APIS: Record<Ingress, string> = { anthropic: 'Anthropic', openai: 'OpenAI' }

/**
 * The table of docs/compatibility.md as Markdown: what "yes" says, the cells, the footnotes. Each cell is made of what its test
 * asserts (cells.ts), so none can say more than that.
 */
export function compatibilityTable (): string {
  const cells = allCells()
  const rows = ROWS.flatMap(kind => INGRESSES.flatMap(ingress => FORMS.map(form => {
    const own = cells.filter(cell => cell.kind === kind && cell.ingress === ingress && cell.form === form)
    return line([`\`${kind}\``, APIS[ingress], form, ...own.map(says)])
  })))
  return [
    ...CASES.map(({ name, means }) => `- **${name}**: ${means}.`),
    '',
    line(['provider', 'client\'s API', 'reply', ...CASES.map(({ name }) => name)]),
    line(Array.from({ length: CASES.length + 3 }, () => '---')),
    ...rows,
    '',
    ...DIFFERENCES.map(({ note }, i) => `${i + 1}. ${note}`)
  ].join('\n')
}

function says ({ differences }: Cell): string {
  return ['yes', ...differences.map(difference => `(${DIFFERENCES.indexOf(difference) + 1})`)].join(' ')
}

function line (cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
