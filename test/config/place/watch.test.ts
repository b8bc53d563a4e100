import { watch } from 'node:fs'
import { chmod, link, mkdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { FilePlace } from '../../../src/config/place/file-place.ts'
import { FileWatch } from '../../../src/config/place/watch-file.ts'
import { openPlace, overwrite, placeFolder, placeOf, startPlaceProcess } from '../../helper/place.ts'
import { until } from '../../helper/until.ts'

/** Milliseconds: so what is told is what the system told of. */
const HOUR = 3_600_000

interface Told { count: number, text: string | null }

/** What a place tells of, and what is there when it is read then. */
async function watched (place: FilePlace): Promise<Told> {
  const { text } = await place.read()
  const told = { count: 0, text }
  await place.watch(() => {
    told.count++
    place.read().then(({ text }) => { told.text = text }, () => {})
  })
  return told
}

interface Stage { path: string, folder: string, place: FilePlace, told: Told }

async function stage (t: Test, lookEvery = HOUR): Promise<Stage> {
  const { path, folder } = await placeOf(t, '0')
  const place = openPlace(t, path, lookEvery)
  return { path, folder, place, told: await watched(place) }
}

/** Ways in which others change a file; each is done over and over again. */
const DANCES: Record<string, (path: string, text: string) => Promise<void>> = {
  'written in place': (path, text) => writeFile(path, text),
  'saved to a new file that takes its name': async (path, text) => {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  },
  'moved away, written anew, and the old one removed, as vim does': async (path, text) => {
    await rename(path, `${path}~`)
    await writeFile(path, text)
    await unlink(`${path}~`)
  },
  'removed, and there again': async (path, text) => {
    await rm(path)
    await writeFile(path, text)
  },
  'removed, and there again after it was missed': async (path, text) => {
    await rm(path)
    await sleep(200)
    await writeFile(path, text)
  },
  'written in pieces': async (path, text) => {
    await writeFile(path, '')
    for (const letter of text) {
      await writeFile(path, letter, { flag: 'a' })
      await sleep(5)
    }
  }
}

for (const [name, dance] of Object.entries(DANCES)) {
  t.test(name, async t => {
    const { path, told } = await stage(t)
    for (const text of ['first', 'second', 'third']) {
      await dance(path, text)
      await until(`${text} is told`, () => told.text === text)
    }
  })
}

t.test('a ConfigMap, whose files are links into a folder that is exchanged', async t => {
  const folder = await placeFolder(t)
  const path = join(folder, 'config.json')
  const publish = async (version: string): Promise<void> => {
    await mkdir(join(folder, `..${version}`))
    await writeFile(join(folder, `..${version}`, 'config.json'), version)
    await symlink(`..${version}`, join(folder, '..data_tmp'))
    await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  await publish('v0')
  await symlink('..data/config.json', path)
  const told = await watched(openPlace(t, path, HOUR))
  for (const [before, version] of [['v0', 'v1'], ['v1', 'v2'], ['v2', 'v3']] as const) {
    await publish(version)
    await rm(join(folder, `..${before}`), { recursive: true })
    await until(`${version} is told`, () => told.text === version)
  }
})

t.test('a link to a file elsewhere, and then to another one', async t => {
  const folder = await placeFolder(t)
  const [one, two, path] = ['one', 'two', 'links'].map(name => join(folder, name, 'config.json')) as [string, string, string]
  for (const name of ['one', 'two', 'links']) await mkdir(join(folder, name))
  await writeFile(one, '0')
  await writeFile(two, 'two')
  await symlink('../one/config.json', path)
  const told = await watched(openPlace(t, path, HOUR))
  await DANCES['written in place']?.(one, 'one')
  await until('it is told', () => told.text === 'one')
  await symlink('../two/config.json', `${path}.new`)
  await rename(`${path}.new`, path)
  await until('it is told', () => told.text === 'two')
  await DANCES['saved to a new file that takes its name']?.(two, 'three')
  await until('it is told', () => told.text === 'three')
})

t.test('a folder that is not there yet, goes, and comes again', async t => {
  const folder = await placeFolder(t)
  const deep = join(folder, 'a', 'b')
  const told = await watched(openPlace(t, join(deep, 'config.json'), HOUR))
  t.equal(told.text, null)
  for (const text of ['first', 'second']) {
    await mkdir(deep, { recursive: true })
    await writeFile(join(deep, 'config.json'), text)
    await until(`${text} is told`, () => told.text === text)
    await rm(join(folder, 'a'), { recursive: true })
    await until('it is told to be gone', () => told.text === null)
  }
})

t.test('a folder in the place of another one', async t => {
  const folder = await placeFolder(t)
  const [path, next] = [join(folder, 'conf'), join(folder, 'conf.new')]
  await mkdir(path)
  await writeFile(join(path, 'config.json'), '0')
  const told = await watched(openPlace(t, join(path, 'config.json'), HOUR))
  for (const text of ['first', 'second']) {
    await mkdir(next)
    await writeFile(join(next, 'config.json'), text)
    await rename(path, join(folder, `before-${text}`))
    await rename(next, path)
    await until(`${text} is told`, () => told.text === text)
  }
  await writeFile(join(path, 'config.json'), 'third')
  await until('what happens in the new one is told', () => told.text === 'third')
})

t.test('a change that no system tells of', async t => {
  const { path, told, folder } = await stage(t, 50)
  // By its other name, in a folder that nobody watches.
  await mkdir(join(folder, 'elsewhere'))
  const other = join(folder, 'elsewhere', 'other.json')
  await link(path, other)
  for (const text of ['first', 'second']) {
    await writeFile(other, text)
    await until(`${text} is told`, () => told.text === text)
  }
})

t.test('other files of the folder are no change, and keep none from being told', async t => {
  const { path, folder } = await placeOf(t, '0')
  let [told, others] = [0, 0]
  const fileWatch = new FileWatch(path, () => { told++ }, HOUR)
  const systemWatch = watch(folder, (_event, name) => { if (name === 'database.wal') others++ })
  t.teardown(() => {
    fileWatch.close()
    systemWatch.close()
  })
  await fileWatch.open()
  await until('what may have happened before is told', () => told === 1)
  for (let i = 0; i < 20; i++) await writeFile(join(folder, 'database.wal'), String(i))
  await until('the system tells of it', () => others > 0)
  await sleep(300)
  t.equal(told, 1)

  const end = new AbortController()
  const busy = (async () => { while (!end.signal.aborted) await writeFile(join(folder, 'database.wal'), 'x').then(() => sleep(2)) })()
  await writeFile(path, 'changed')
  await until('it is told', () => told > 1)
  end.abort()
  await busy
})

t.test('what was written here is not told, what others write is', async t => {
  const { place, path } = await placeOf(t, '0')
  const other = openPlace(t, path)
  const [mine, others] = [await watched(place), await watched(other)]
  for (let i = 1; i <= 20; i++) {
    await overwrite(place, String(i))
    if (i % 5 === 0) await sleep(150)
  }
  await until('it is told', () => others.text === '20')
  t.equal(mine.count, 0)
  await place.backUp()
  await overwrite(other, '21')
  await until('it is told', () => mine.text === '21')
  t.equal(mine.count, 1)
  await writeFile(path, '21')
  await overwrite(other, '22')
  await until('it is told', () => mine.text === '22')
})

t.test('that somebody reads it, or is too late to write it, keeps nothing from being told', async t => {
  const { place, path, told } = await stage(t)
  const { revision } = await place.read()
  await writeFile(path, 'changed')
  t.equal((await place.read()).text, 'changed')
  await t.rejects(place.write({ text: '1', author: 'ann', difference: [] }, revision))
  await until('it is told', () => told.count === 1)
})

t.test('what was changed between the first look and the watching is told', async t => {
  const { place, path } = await placeOf(t, '0')
  await place.read()
  await writeFile(path, 'changed')
  let told = 0
  await place.watch(() => { told++ })
  await until('it is told', () => told === 1)
})

t.test('a file that cannot be read is told, and so is that it can be again', async t => {
  const { path, told } = await stage(t)
  await rm(path)
  await mkdir(path)
  await until('it is told', () => told.count > 0)
  told.text = 'nothing yet'
  await rm(path, { recursive: true })
  await writeFile(path, '0')
  await until('it is told', () => told.text === '0')
})

t.test('that only its times or its mode are others is not told', async t => {
  const { place, path } = await placeOf(t, '0')
  const [mine, others] = [await watched(place), await watched(openPlace(t, path))]
  await chmod(path, 0o640)
  await writeFile(path, '0', { flag: 'r+' })
  await sleep(300)
  await writeFile(path, '1', { flag: 'r+' })
  await until('it is told', () => mine.text === '1' && others.text === '1')
  t.strictSame([mine.count, others.count], [1, 1])
})

t.test('nothing is told after the end', async t => {
  const { place, path } = await placeOf(t, '0')
  const closed = await watched(place)
  const open = await watched(openPlace(t, path))
  await writeFile(path, '1')
  await place.close()
  await until('it is told', () => open.text === '1')
  t.equal(closed.count, 0)
  t.equal(await readFile(path, 'utf8'), '1')

  const opening = await placeOf(t, '0')
  const watching = watched(opening.place)
  await opening.place.close()
  t.match(await watching, { count: 0 })
})

t.test('who watches is not kept from ending', async t => {
  const { path } = await placeOf(t, '0')
  const watcher = startPlaceProcess(t, 'watch', path)
  t.strictSame(await watcher.ended, { code: 0, signal: null, error: '' })
  t.strictSame(watcher.printed(), ['watching'])
})
