import type { Migration } from 'kysely'
import * as account from './0001-account.ts'
import * as configuration from './0002-configuration.ts'

/** In their order; one that was released is never changed. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-account': account,
  '0002-configuration': configuration
}
