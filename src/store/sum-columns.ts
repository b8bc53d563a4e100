import type { Sums } from './tables.ts'

/** The counters of {@link Sums}: what is added up when rows meet. */
export const SUM_COLUMNS = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning', 'attempts', 'requests', 'errors', 'estimated', 'cost', 'unpriced', 'duration_ms', 'first_content_ms', 'first_contents'] as const satisfies readonly (keyof Sums)[]
