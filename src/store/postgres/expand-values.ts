import type { ManyRows } from '../store.ts'

/** As many as one statement of PostgreSQL can have. */
const MAX_PARAMETERS = 65_535

/** A statement of PostgreSQL with its parameters. */
export interface Statement { readonly sql: string, readonly parameters: readonly unknown[] }

/**
 * Makes of an insert of one row inserts of many: as few statements as there may be.
 * @throws {Error} for a statement whose only parameters are not the row's values
 */
export function expandValues ({ sql, rows }: ManyRows): Statement[] {
  if (rows.length === 0) return []
  const [values] = /values \((?:\$\d+(?:, )?)+\)/.exec(sql) ?? []
  const width = rows[0]?.length ?? 0
  if (values === undefined || values.split(',').length !== width || sql.match(/\$\d+/g)?.length !== width) throw new Error('only an insert of one row can be made an insert of many')
  const size = Math.floor(MAX_PARAMETERS / width)
  const statements: Statement[] = []
  for (let from = 0; from < rows.length; from += size) {
    const some = rows.slice(from, from + size)
    const places = some.map((_row, i) => `(${Array.from({ length: width }, (_, j) => `$${i * width + j + 1}`).join(', ')})`)
    statements.push({ sql: sql.replace(values, () => `values ${places.join(', ')}`), parameters: some.flat() })
  }
  return statements
}
