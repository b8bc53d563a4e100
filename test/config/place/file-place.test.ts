import { execFile } from 'node:child_process'
import { chmod, link, lstat, mkdir, readFile, readdir, readlink, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { FilePlace } from '../../../src/config/place/file-place.ts'
import { Conflict, PlaceError } from '../../../src/config/place/place.ts'
import { changeTo, leftovers, openPlace, overwrite, placeFolder, placeOf, runPlaceProcess } from '../../helper/place.ts'

const OLD = '{ "n": 1 } // by hand\n'
const NEW = '{ "n": 2 }'

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

t.test('what is read, is written, and was there before', async t => {
  const { place, path, folder } = await placeOf(t, OLD)
  const before = await place.read()
  t.equal(before.text, OLD)
  t.match(before.revision, /^[\w-]{22}$/)
  t.strictSame(await place.read(), before)
  t.match(place, { kind: 'file', source: path })

  const { version, backup } = await place.write(changeTo(NEW), before.revision)
  t.equal(version.text, NEW)
  t.not(version.revision, before.revision)
  t.strictSame(await place.read(), version)
  t.equal(await readFile(path, 'utf8'), NEW)
  t.match(backup, { name: /^config\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.json$/, at: Date, author: null })
  t.strictSame(await place.backups(), [backup])
  t.equal(await place.readBackup(backup?.name ?? ''), OLD)
  t.equal(backup && place.whereIs(backup), join(folder, '.backups', backup?.name ?? ''))
  t.strictSame(await readdir(folder), ['.backups', 'config.json'], 'nothing else is left')
  t.strictSame([await modeOf(path), await modeOf(join(folder, '.backups')), await modeOf(join(folder, '.backups', backup?.name ?? ''))], [0o600, 0o700, 0o600])

  const kept = await place.backUp()
  t.equal(await place.readBackup(kept?.name ?? ''), NEW)
  t.strictSame(await place.backups(), [kept, backup], 'the latest first')
  t.equal((await place.write(changeTo(OLD), version.revision)).version.revision, before.revision, 'the same text has the same revision')
})

t.test('a file that is not there yet', async t => {
  const { place, path, folder } = await placeOf(t)
  t.strictSame(await place.read(), { text: null, revision: 'none' })
  t.equal(await place.backUp(), null)
  t.strictSame(await place.backups(), [])
  t.equal(await place.readBackup('config.2026-11-26T12-00-00-000Z.json'), undefined)
  await t.rejects(place.write(changeTo(NEW), 'other'), new Conflict('none'))
  t.match(await place.write(changeTo(NEW), 'none'), { version: { text: NEW }, backup: null })
  t.equal(await modeOf(path), 0o600, 'it holds secrets')
  t.strictSame(await readdir(folder), ['config.json'])
})

t.test('a revision says nothing of the text', async t => {
  const { path } = await placeOf(t, OLD)
  const revisions = await Promise.all(['one', 'two', Buffer.from('one')].map(etagSecret => new FilePlace({ path, etagSecret }).read()))
  t.equal(revisions[0]?.revision, revisions[2]?.revision)
  t.not(revisions[0]?.revision, revisions[1]?.revision)
})

t.test('who is not up to date changes nothing', async t => {
  const { place, path, folder } = await placeOf(t, OLD)
  const { revision } = await place.read()
  await writeFile(path, NEW)
  const now = (await openPlace(t, path).read()).revision
  for (const stale of [revision, 'none', '', `${now} `, now.slice(0, -1)]) await t.rejects(place.write(changeTo('{}'), stale), new Conflict(now))
  t.equal(await readFile(path, 'utf8'), NEW)
  t.strictSame(await readdir(folder), ['config.json'], 'not even a backup')
  await t.resolves(place.write(changeTo('{}'), now))
})

t.test('of many at once, each at what it read, one is first', async t => {
  const { place, path } = await placeOf(t, '0')
  const { revision } = await place.read()
  const other = openPlace(t, path)
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? place : other).write(changeTo(String(i + 1)), revision)))
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  t.ok(results.every(result => result.status === 'fulfilled' || result.reason instanceof Conflict))
  t.equal((await place.backups()).length, 1)
  t.strictSame(await leftovers(path), [])
})

t.test('two processes lose nothing of one another', async t => {
  const { path } = await placeOf(t, '[]')
  const conflicts = await Promise.all(['a', 'b'].map(name => runPlaceProcess(t, 'append', path, name, 40)))
  t.comment(`${conflicts.flat().join(' and ')} conflicts`)
  const members = JSON.parse(await readFile(path, 'utf8')) as string[]
  t.strictSame(members.sort(), ['a', 'b'].flatMap(name => Array.from({ length: 40 }, (_, i) => `${name}${i}`)).sort())
  t.strictSame(await leftovers(path), [])
})

t.test('an editor that saves while the backup is made is not overwritten', async t => {
  const { path } = await placeOf(t, OLD)
  t.strictSame(await runPlaceProcess(t, 'overtaken', path, NEW, 'saved'), [{ isConflict: true, isCurrent: true }])
  t.equal(await readFile(path, 'utf8'), 'saved')
  t.strictSame(await leftovers(path), [])
})

t.test('a lock that a process left', async t => {
  const { place, path, folder } = await placeOf(t, OLD)
  const lock = join(folder, '.config.json.lock')
  const processes = await readlink('/proc/self/ns/pid').catch(() => 'processes')
  const { child } = await promisify(execFile)(process.execPath, ['-p', 'process.pid']).then(({ stdout }) => ({ child: stdout.trim() }))
  for (const owner of [`${hostname()} ${processes} ${child} gone`, `${hostname()} ${processes} ${process.pid} of-one-before-with-this-number`]) {
    await symlink(owner, lock)
    await overwrite(place, owner)
    t.equal((await place.read()).text, owner)
    t.strictSame(await leftovers(path), [])
  }
  await symlink('another-machine pid:[1] 1 x', lock)
  await overwrite(place, NEW)
  t.equal((await place.read()).text, NEW, 'of another machine it is not known, but it can be waited for')
  t.strictSame(await leftovers(path), [])
})

t.test('bytes stay what they are', async t => {
  const bytes = Buffer.concat([Buffer.from('\uFEFF{ "n": "é" }\r\n'), Buffer.from([0xe9, 0, 0xff])])
  const { place } = await placeOf(t, bytes)
  const { revision } = await place.read()
  const { backup } = await place.write(changeTo(NEW), revision)
  t.strictSame(await readFile(backup === null ? '' : place.whereIs(backup)), bytes)
  await overwrite(place, '{ "n": "\uFEFFé\r\n😀" }')
  t.equal((await place.read()).text, '{ "n": "\uFEFFé\r\n😀" }')
})

t.test('a link is followed, and stays', async t => {
  const folder = await placeFolder(t)
  await mkdir(join(folder, 'real'))
  await mkdir(join(folder, 'links'))
  const [real, path] = [join(folder, 'real', 'actual.json'), join(folder, 'links', 'config.json')]
  await writeFile(real, OLD)
  await symlink('../second', path)
  await symlink(real, join(folder, 'second'))
  const place = openPlace(t, path)
  t.equal((await place.read()).text, OLD)
  await overwrite(place, NEW)
  t.ok((await lstat(path)).isSymbolicLink())
  t.equal(await readFile(real, 'utf8'), NEW)
  t.strictSame(await readdir(join(folder, 'links')), ['.backups', 'config.json'])
  t.strictSame(await readdir(join(folder, 'real')), ['actual.json'])

  await rm(real)
  t.strictSame(await place.read(), { text: null, revision: 'none' })
  await place.write(changeTo(NEW), 'none')
  t.ok((await lstat(path)).isSymbolicLink(), 'also one that led nowhere')
  t.equal(await readFile(real, 'utf8'), NEW)
})

t.test('the new file is what the old one was to others', async t => {
  const { place, path } = await placeOf(t, OLD)
  for (const mode of [0o644, 0o640, 0o600, 0o444]) {
    await chmod(path, mode)
    await overwrite(place, `{ "mode": ${mode} }`)
    t.equal(await modeOf(path), mode)
  }
  const { ino } = await stat(path)
  await overwrite(place, NEW)
  t.not((await stat(path)).ino, ino, 'it is another file')
})

t.test('a relative path begins where the process does', async t => {
  const { path } = await placeOf(t, OLD)
  const place = openPlace(t, relative(process.cwd(), path))
  t.equal(place.source, relative(process.cwd(), path), 'it is told as it was given')
  await overwrite(place, NEW)
  t.equal(await readFile(path, 'utf8'), NEW)
})

t.test('what is no file of a configuration is refused in words', async t => {
  const folder = await placeFolder(t)
  const at = (name: string): FilePlace => openPlace(t, join(folder, name))
  await mkdir(join(folder, 'folder'))
  await writeFile(join(folder, 'file'), OLD)
  await writeFile(join(folder, 'long'), ' '.repeat(4 * 1024 * 1024 + 1))
  await symlink('circle', join(folder, 'circle'))
  await promisify(execFile)('mkfifo', [join(folder, 'pipe')])
  for (const [name, code, words] of [
    ['folder', 'EISDIR', /^\/.*\/folder cannot be read: it is a folder$/],
    ['file/config.json', 'ENOTDIR', /cannot be read: a part of its path is no folder$/],
    ['long', 'EFBIG', /cannot be read: it has more than 4 MB, as no configuration does$/],
    ['circle', 'ELOOP', /cannot be read: its links lead in a circle$/],
    ['pipe', undefined, /cannot be read: it is no regular file$/]
  ] as const) {
    const error = await at(name).read().catch((error: unknown) => error as PlaceError)
    t.type(error, PlaceError, name)
    t.match(error, { message: words, code })
    await t.rejects(at(name).write(changeTo(NEW), 'none'), PlaceError, name)
  }
  const error = await at('nowhere/config.json').write(changeTo(NEW), 'none').catch((error: unknown) => error as PlaceError)
  t.match(error, { message: /cannot be written: its folder is not there$/, code: 'ENOENT' })
  await t.rejects(at('file').write(changeTo(' '.repeat(4 * 1024 * 1024 + 1)), (await at('file').read()).revision), { message: /cannot be written: it has more than 4 MB/ })
  t.equal(await readFile(join(folder, 'file'), 'utf8'), OLD)
})

t.test('without permission nothing changes', async t => {
  const { path, folder } = await placeOf(t, OLD)
  const nobody = 65_534
  const words = async (): Promise<unknown> => (await runPlaceProcess(t, 'as', path, NEW, nobody))[0]
  await chmod(path, 0o644)
  await chmod(folder, 0o555)
  t.match(await words(), { read: null, write: /config\.json cannot be written: permission is denied$/, backups: null })
  await chmod(folder, 0o755)
  if (process.getuid?.() === 0) {
    await chmod(path, 0o600)
    t.match(await words(), { read: /config\.json cannot be read: permission is denied$/, write: /permission is denied$/ }, 'of others')
    await chmod(path, 0o644)
  }
  await mkdir(join(folder, '.backups'))
  await chmod(join(folder, '.backups'), 0)
  await chmod(folder, 0o777)
  t.match(await words(), { write: /\.backups cannot be read: permission is denied$/, backups: /\.backups cannot be read: permission is denied$/ })
  await chmod(join(folder, '.backups'), 0o700)
  t.equal(await readFile(path, 'utf8'), OLD)
  t.strictSame(await leftovers(path), [])
})

t.test('without a backup nothing changes', async t => {
  const { place, path, folder } = await placeOf(t, OLD)
  await writeFile(join(folder, '.backups'), 'a file')
  await t.rejects(overwrite(place, NEW), { message: /\.backups cannot be read: a part of its path is no folder$/ })
  t.equal(await readFile(path, 'utf8'), OLD)
  t.strictSame(await leftovers(path), [])
})

t.test('whatever operation fails, the file is whole, and nothing else is left', async t => {
  interface Failure { failed?: string, error: string | null, isPlaceError: boolean, text: string, left: string[] }
  for (const [code, words] of [['EIO', /: the device failed$/], ['ENOSPC', /: there is no space left on the device$/], ['EDQUOT', /: the quota of the disk is used up$/], ['EBUSY', /: it is mounted by itself.*: mount its folder$/]] as const) {
    const { path } = await placeOf(t)
    const failures = await runPlaceProcess(t, 'fail', path, NEW, OLD, code) as Failure[]
    const passed = failures.pop()
    t.match(passed, { error: null, text: NEW, left: [] })
    t.ok(failures.length > 15, `${failures.length} operations`)
    for (const { failed, error, isPlaceError, text, left } of failures) {
      // Some are not needed: to remove an old backup, to see what crashes left.
      const expected = error === null || error.startsWith(`${path} is written, but`) ? NEW : OLD
      t.strictSame({ text, isPlaceError }, { text: expected, isPlaceError: error !== null }, `${code} of ${failed}: ${error}`)
      if (error !== null) t.match(error, words)
      // What cannot be unlocked is taken by the next.
      if (failed !== 'unlink' && failed !== 'readlink') t.strictSame(left, [], failed ?? '')
    }
    t.ok(['open', 'writeFile', 'sync', 'rename'].every(name => failures.some(({ failed, error }) => failed === name && error !== null)))
  }
})

t.test('what a crash left is removed when it is old, and is surely ours', async t => {
  const { place, path, folder } = await placeOf(t, OLD)
  const backups = join(folder, '.backups')
  await mkdir(backups)
  const old = ['.config.json.0123456789ab.tmp', '.backups/.config.2026-11-26T12-00-00-000Z.json.0123456789ab.tmp', '..config.json.lock.0123456789ab.tmp']
  const others = ['.config.json.0123456789AB.tmp', '.config.json.0123456789abc.tmp', '.config.json.tmp', 'config.json.0123456789ab.tmp', '.other.json.0123456789ab.tmp', '.backups/.config.json.0123456789ab.tmp', '.backups/notes.txt']
  const young = ['.config.json.ba9876543210.tmp', '.backups/.config.2026-11-26T12-00-00-000Z.json.ba9876543210.tmp']
  for (const name of [...old, ...others, ...young]) await writeFile(join(folder, name), 'x')
  const hourAgo = Date.now() / 1000 - 3600
  for (const name of [...old, ...others]) await utimes(join(folder, name), hourAgo, hourAgo)
  await overwrite(place, NEW)
  const there = new Set([...await readdir(folder), ...(await readdir(backups)).map(name => `.backups/${name}`)])
  t.strictSame(old.filter(name => there.has(name)), [])
  t.strictSame([...others, ...young].filter(name => !there.has(name)), [])
  t.equal(await readFile(path, 'utf8'), NEW)
})

t.test('the newest 50 are kept', async t => {
  const { place, folder } = await placeOf(t, '0')
  for (let i = 1; i <= 57; i++) await overwrite(place, String(i))
  const backups = await place.backups()
  t.equal(backups.length, 50)
  t.strictSame(await Promise.all(backups.map(({ name }) => place.readBackup(name))), Array.from({ length: 50 }, (_, i) => String(56 - i)))
  t.equal((await readdir(join(folder, '.backups'))).length, 50)
})

t.test('only backups are read as such', async t => {
  const { place, path, folder } = await placeOf(t, OLD)
  await place.backUp()
  const backups = join(folder, '.backups')
  const name = (day: number): string => `config.2020-01-0${day}T00-00-00-000Z.json`
  await writeFile(join(folder, 'secret'), 'secret')
  await symlink(join(folder, 'secret'), join(backups, name(1)))
  await symlink('nowhere', join(backups, name(2)))
  await mkdir(join(backups, name(3)))
  await promisify(execFile)('mkfifo', [join(backups, name(4))])
  await writeFile(join(backups, 'notes.txt'), 'notes')
  for (const wrong of [name(1), name(2), name(3), name(4), name(5), 'notes.txt', '../secret', '../config.json', path, '', '.', '..']) t.equal(await place.readBackup(wrong), undefined, wrong)
  t.equal((await place.backups()).length, 1)

  await link(join(folder, 'secret'), join(backups, name(6)))
  await rm(join(folder, 'secret'))
  t.equal(await place.readBackup(name(6)), 'secret', 'a file that somebody else put there is one')
  await overwrite(place, NEW)
  t.strictSame((await readdir(backups)).filter(found => found.startsWith('config.2020') || found === 'notes.txt').length, 6, 'and nothing else is touched')
})
