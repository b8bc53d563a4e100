const NAME = /^config\.(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.json$/
/** The last moment that four digits of a year can tell. */
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** The name of a backup: `config.2026-11-26T12-00-00-000Z.json`. Colons and dots are for no file name. */
export function backupName (at: Date): string {
  return `config.${at.toISOString().replace(/[:.]/g, '-')}.json`
}

/** When a backup was made; undefined for what is no name of one, and so never a path. */
export function backupTime (name: string): Date | undefined {
  const [, day, hour, minute, second, millisecond] = NAME.exec(name) ?? []
  const at = new Date(`${day}T${hour}:${minute}:${second}.${millisecond}Z`)
  // The 31st of February is the 3rd of March.
  return Number.isNaN(at.getTime()) || backupName(at) !== name ? undefined : at
}

/**
 * The time that the next backup bears: now, but later than that of every other. Names are in the order of the changes then, also
 * where two are made within a millisecond, or the clock was set back.
 * @param names of the backups that there are
 */
export function nextBackupTime (names: readonly string[], now = Date.now()): Date {
  const times = names.map(name => backupTime(name)?.getTime() ?? 0).filter(time => time < LAST)
  return new Date(times.reduce((next, time) => Math.max(next, time + 1), now))
}
