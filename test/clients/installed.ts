import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Why the clients cannot be run; false where they can. */
export const notInstalled: string | false = existsSync(join(import.meta.dirname, 'node_modules')) ? false : 'the clients are not installed: `npm run test:clients` does it'
