/** What a budget is for; periods begin at midnight UTC, weeks on Monday. */
export const PERIODS = ['day', 'week', 'month'] as const
export type Period = typeof PERIODS[number]

const DAY = 86_400_000

/** The day that a time lies in: days since 1970, UTC. @param time milliseconds since 1970 */
export function dayOf (time: number): number {
  return Math.floor(time / DAY)
}

/** The first day of the period that a time lies in, as {@link dayOf} counts. */
export function firstDayOf (period: Period, time: number): number {
  const day = dayOf(time)
  if (period === 'day') return day
  // 1970 began on a Thursday.
  if (period === 'week') return day - (day + 3) % 7
  const date = new Date(time)
  return dayOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1))
}

/** When the period that a time lies in is over: milliseconds since 1970. */
export function endOf (period: Period, time: number): number {
  if (period === 'day') return (dayOf(time) + 1) * DAY
  if (period === 'week') return (firstDayOf('week', time) + 7) * DAY
  const date = new Date(time)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}
