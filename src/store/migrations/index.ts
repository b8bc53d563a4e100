import type { Migration } from 'kysely'
import * as account from './0001-account.ts'

/** In their order; one that was released is never changed. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-account': account
}
