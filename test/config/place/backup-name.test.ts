import t from 'tap'
import { backupName, backupTime, nextBackupTime } from '../../../src/config/place/backup-name.ts'

t.test('a name tells when it was made', async t => {
  const at = new Date('2026-11-26T12:00:00.000Z')
  t.equal(backupName(at), 'config.2026-11-26T12-00-00-000Z.json')
  for (const time of [0, 1, at.getTime(), Date.now(), Date.UTC(2028, 1, 29), Date.UTC(9999, 11, 31, 23, 59, 59, 999)]) {
    t.equal(backupTime(backupName(new Date(time)))?.getTime(), time)
  }
})

t.test('anything else is no name of one, and no path above all', async t => {
  const good = 'config.2026-11-26T12-00-00-000Z.json'
  for (const name of [
    '', '.', '..', 'config.json', '.backups', 'constructor', '__proto__',
    `../${good}`, `./${good}`, `/${good}`, `x/${good}`, `..\\${good}`, `${good}/`, `${good}/..`, `${good}\0`, `${good}\n`, ` ${good}`, `${good}.tmp`, `.${good}`, `x${good}`,
    'config.2026-11-26T12:00:00.000Z.json', 'config.2026-11-26.json', 'config..json', 'Config.2026-11-26T12-00-00-000Z.json', 'config.2026-11-26t12-00-00-000z.json',
    'config.2026-02-31T12-00-00-000Z.json', 'config.2026-13-01T12-00-00-000Z.json', 'config.2026-11-26T24-00-00-000Z.json', 'config.2026-11-26T12-60-00-000Z.json', 'config.9999-99-99T99-99-99-999Z.json',
    'config.+12026-11-26T12-00-00-000Z.json', 'config.٢٠٢٦-11-26T12-00-00-000Z.json'
  ]) t.equal(backupTime(name), undefined, JSON.stringify(name))
})

t.test('the next one is always the latest', async t => {
  const now = Date.UTC(2026, 10, 26)
  const names = (...times: number[]): string[] => times.map(time => backupName(new Date(time)))
  t.equal(nextBackupTime([], now).getTime(), now)
  t.equal(nextBackupTime(names(now - 1000), now).getTime(), now)
  t.equal(nextBackupTime(names(now), now).getTime(), now + 1, 'two within a millisecond')
  t.equal(nextBackupTime(names(now, now + 2, now + 1), now).getTime(), now + 3)
  t.equal(nextBackupTime(names(now + 1_000_000), now).getTime(), now + 1_000_001, 'the clock was set back')
  t.equal(nextBackupTime(['config.9999-12-31T23-59-59-999Z.json', 'notes.txt'], now).getTime(), now, 'there is none after this one')
})
