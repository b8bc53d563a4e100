import type { Budget, Identity } from '../../src/account/identity.ts'
import { createIdentity } from '../../src/account/key-settings.ts'
import type { BudgetBook, Reservation, Worst } from '../../src/budget/book.ts'
import { ApiError } from '../../src/errors.ts'

/** A key with budgets, in micro-dollars and tokens. */
export function key (id: string, ...budgets: Budget[]): Identity {
  return { ...createIdentity(id, id), budgets }
}

let ids = 0
export function newId (): string {
  return `request-${process.pid}-${ids++}`
}

export interface Admitted { readonly id: string, readonly reservation: Reservation }

/** Asks a book: what is kept free, or the refusal. */
export async function ask (book: BudgetBook, who: Identity, worst: Worst, id: string = newId()): Promise<Admitted | ApiError> {
  try {
    return { id, reservation: await book.reserve(who, id, worst) }
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

/** Asks so often at once. */
export async function askAll (times: number, ask: (i: number) => Promise<Admitted | ApiError>): Promise<{ admitted: Admitted[], refused: ApiError[] }> {
  const all = await Promise.all(Array.from({ length: times }, (_, i) => ask(i)))
  return { admitted: all.filter((each): each is Admitted => !(each instanceof ApiError)), refused: all.filter(each => each instanceof ApiError) }
}

export interface Line { readonly level: 'warn' | 'info', readonly message: string, readonly fields: Record<string, unknown> }

/** A log that can be read. */
export class Log {
  readonly lines: Line[] = []
  readonly warn = (fields: object, message = ''): void => { this.lines.push({ level: 'warn', message, fields: { ...fields } }) }
  readonly info = (fields: object, message = ''): void => { this.lines.push({ level: 'info', message, fields: { ...fields } }) }

  count (level: Line['level'], text: string): number {
    return this.lines.filter(line => line.level === level && line.message.includes(text)).length
  }
}
