import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { PlaceError } from '../../../src/config/place/place.ts'
import { leftovers, openPlace, overwrite, placeFolder, placeOf } from '../../helper/place.ts'

const run = promisify(execFile)
const PAGE = 4096
/** Three pages each. */
const [OLD, NEW] = ['1', '2'].map(mark => `{ "fill": "${mark.repeat(10_000)}" }`) as [string, string]

/** Mounts something over a folder or file; taken away with the test. Undefined where that is not permitted. */
async function mounted (t: Test, target: string, ...options: string[]): Promise<string | undefined> {
  try {
    await run('mount', [...options, target])
  } catch {
    const why = 'nothing can be mounted here'
    t.pass(`skipped: ${why}`, { skip: why })
    return undefined
  }
  t.teardown(() => run('umount', [target]))
  return target
}

async function smallDisk (t: Test): Promise<string | undefined> {
  const folder = join(await placeFolder(t), 'disk')
  await mkdir(folder)
  return await mounted(t, folder, '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs')
}

/** Leaves so many pages. */
async function leave (disk: string, pages: number): Promise<void> {
  await rm(join(disk, 'fill'), { force: true })
  const { bavail } = await statfs(disk)
  await writeFile(join(disk, 'fill'), Buffer.alloc(Math.max(0, bavail - pages) * PAGE))
}

t.test('on a full disk the old file stays, at whatever step it is full', async t => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const path = join(disk, 'config.json')
  const place = openPlace(t, path)
  const steps = new Set<string>()
  let pages = 0
  for (let written = false; !written; pages++) {
    for (const name of await readdir(disk)) await rm(join(disk, name), { recursive: true })
    await writeFile(path, OLD)
    await leave(disk, pages)
    const error = await overwrite(place, NEW).then(() => undefined, (error: unknown) => error as PlaceError)
    written = error === undefined
    t.strictSame(await leftovers(path), [], `${pages} pages were free`)
    t.equal(await readFile(path, 'utf8'), written ? NEW : OLD)
    const kept = await Promise.all((await place.backups()).map(({ name }) => place.readBackup(name)))
    t.ok(kept.every(text => text === OLD), 'a backup is whole')
    if (error === undefined) continue
    t.type(error, PlaceError)
    t.match(error, { code: 'ENOSPC', message: /^\/.*\.json cannot be written: there is no space left on the device$/ })
    steps.add(error.message.includes('.backups') ? 'the backup' : 'the file')
    if (kept.length > 0) steps.add('the file after its backup')
    // Room is made, and all is well.
    await rm(join(disk, 'fill'))
    await overwrite(place, NEW)
    t.equal(await readFile(path, 'utf8'), NEW)
  }
  t.strictSame(steps, new Set(['the backup', 'the file', 'the file after its backup']))
  t.comment(`${pages - 1} pages are enough`)
})

t.test('nor is a first file half there', async t => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  for (const pages of [0, 1, 2]) {
    await leave(disk, pages)
    await t.rejects(openPlace(t, join(disk, 'config.json')).write({ text: NEW, author: 'ann', difference: [] }, 'none'), { code: 'ENOSPC' })
    t.strictSame(await readdir(disk), ['fill'])
  }
})

t.test('a file system that is read-only', async t => {
  const disk = await smallDisk(t)
  if (disk === undefined) return
  const path = join(disk, 'config.json')
  await writeFile(path, OLD)
  await run('mount', ['-o', 'remount,ro', disk])
  const place = openPlace(t, path)
  t.equal((await place.read()).text, OLD)
  await t.rejects(overwrite(place, NEW), { code: 'EROFS', message: /config\.json cannot be written: the folder is read-only$/ })
  await t.rejects(place.backUp(), { code: 'EROFS', message: /\.backups cannot be made: the folder is read-only$/ })
})

t.test('a file that is mounted by itself is not replaced, and it is said why', async t => {
  const { place, path, folder } = await placeOf(t, '{}')
  await writeFile(join(folder, 'outside.json'), OLD)
  if (await mounted(t, path, '--bind', join(folder, 'outside.json')) === undefined) return
  await t.rejects(overwrite(place, NEW), { code: 'EBUSY', message: /config\.json cannot be written: it is mounted by itself, so no other file can take its place: mount its folder$/ })
  t.equal(await readFile(path, 'utf8'), OLD)
  t.strictSame(await leftovers(path), [])
})
