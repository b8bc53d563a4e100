import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { FilePlace } from '../../../src/config/place/file-place.ts'
import { leftovers, openPlace, overwrite, placeOf, runPlaceProcess, startPlaceProcess } from '../../helper/place.ts'
import { until } from '../../helper/until.ts'

/** `KILL_ROUNDS=500` shows more; a round costs about a tenth of a second. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 30)
/** Far more than is written at once. */
const SIZE = 300_000
const [OLD, NEW, NEXT] = ['{ "n": 1 } // by hand\n', '{ "n": 2 }', '{ "n": 3 }']

t.setTimeout(60_000 + ROUNDS * 5_000)

/** Every backup is a text that there was. */
async function textsKept (place: FilePlace): Promise<(string | undefined)[]> {
  return await Promise.all((await place.backups()).map(({ name }) => place.readBackup(name)))
}

/** What a kill left is of no harm to the one who comes after. */
async function nextWrite (t: Test, path: string): Promise<void> {
  await overwrite(openPlace(t, path), NEXT)
  t.equal(await readFile(path, 'utf8'), NEXT)
  t.strictSame((await leftovers(path)).filter(name => name.endsWith('.lock')), [])
}

t.test('killed at any step of a write, the file is the old one or the new one', async t => {
  const { path: other } = await placeOf(t, OLD)
  const [steps] = await runPlaceProcess(t, 'count', other, NEW) as [string[]]
  t.ok(['symlink', 'mkdir', 'open', 'writeFile', 'sync', 'rename', 'unlink'].every(name => steps.includes(name)), steps.join(' '))
  t.equal(steps.filter(name => name === 'rename').length, 2, 'the backup and the file')
  t.equal(steps.filter(name => name === 'sync').length, 5, 'each with its folder, and the one in which that of the backups is new')
  const taken = steps.lastIndexOf('rename')

  for (const [i, step] of steps.entries()) {
    for (const when of step === 'writeFile' ? ['before', 'half', 'after'] : ['before', 'after']) {
      const { place, path } = await placeOf(t, OLD)
      const { signal, error } = await startPlaceProcess(t, 'kill', path, NEW, i + 1, when).ended
      const name = `${when} ${i + 1}, ${step}`
      t.equal(signal, 'SIGKILL', `${name} ${error}`)
      t.equal(await readFile(path, 'utf8'), i > taken || (i === taken && when === 'after') ? NEW : OLD, name)
      const kept = await textsKept(place)
      t.ok(kept.every(text => text === OLD), name)
      if (i >= taken) t.equal(kept.length, 1, 'the backup was there before')
      await nextWrite(t, path)
    }
  }
})

t.test('killed at any moment, the file is whole, and what was said to be written is', async t => {
  const { place, path } = await placeOf(t)
  await writeFile(path, JSON.stringify({ n: 0, fill: 'x'.repeat(SIZE), end: 0 }))
  const numberOf = (text: string | null | undefined): number => {
    const { n, fill, end } = JSON.parse(text ?? '') as { n: number, fill: string, end: number }
    return n === end && fill.length === SIZE ? n : NaN
  }
  let [last, undone, done] = [0, 0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const writer = startPlaceProcess(t, 'loop', path, SIZE)
    await until('it writes', () => writer.printed().length > 0 || writer.child.exitCode !== null)
    await sleep(Math.random() * 40)
    writer.child.kill('SIGKILL')
    t.match(await writer.ended, { signal: 'SIGKILL' })
    const said = writer.printed().at(-1) as number
    const n = numberOf((await place.read()).text)
    t.ok(n === said || n === said + 1, `${said} was said, it is ${n}`)
    t.ok(n > last, 'and the one after the last kill was written')
    for (const text of await textsKept(place)) t.ok(numberOf(text) <= n)
    if (n === said) undone++
    else done++
    last = n
  }
  t.comment(`${ROUNDS} kills in ${last} writes: ${undone} before the new file took its name, ${done} after`)
  t.ok((await leftovers(path)).length <= ROUNDS + 1, 'what is left is of these kills')
  await overwrite(place, JSON.stringify({ n: last + 1, fill: 'x'.repeat(SIZE), end: last + 1 }))
  t.equal(numberOf((await place.read()).text), last + 1)
})
