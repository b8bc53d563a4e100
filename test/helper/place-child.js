/**
 * A process of its own that writes a document, as built: `npm test` builds first. Its operations on files can be made to fail, or to
 * be its last.
 *
 *     node place-child.js <task> <path> [argument …]
 */
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'

const [task, path, ...args] = process.argv.slice(2)
const original = { ...promises }

/** All that a write may use. */
const OF_FILES = ['lstat', 'mkdir', 'open', 'readdir', 'readlink', 'realpath', 'rename', 'rm', 'stat', 'symlink', 'unlink']
const OF_HANDLES = ['chmod', 'chown', 'readFile', 'stat', 'sync', 'writeFile']

/** What is done instead of an operation: it gets its name, a way to do it, and what it is done with. */
let around = (name, operation) => operation()

async function tamper () {
  const handle = await promises.open(process.execPath)
  const wrap = (object, name) => {
    const operation = object[name]
    object[name] = function (...given) { return around(name, () => operation.apply(this, given), this, given) }
  }
  for (const name of OF_FILES) wrap(promises, name)
  for (const name of OF_HANDLES) wrap(Object.getPrototypeOf(handle), name)
  syncBuiltinESMExports()
  await handle.close()
}

await tamper()
const { FilePlace } = await import('../../dist/src/config/place/file-place.js')
const { Conflict, PlaceError } = await import('../../dist/src/config/place/place.js')
const place = new FilePlace({ path, etagSecret: 'secret' })

const change = text => ({ text, author: 'child', difference: [] })
const print = value => process.stdout.write(`${JSON.stringify(value)}\n`)

function die () {
  process.kill(process.pid, 'SIGKILL')
  // Nothing more may happen, should the signal take its time.
  for (;;);
}

const tasks = {
  /** Says what operations a write is made of. */
  async count (text) {
    const { revision } = await place.read()
    const names = []
    around = (name, operation) => {
      names.push(name)
      return operation()
    }
    await place.write(change(text), revision)
    print(names)
  },

  /** Dies right before or after the nth operation of a write, or when half of it is written. */
  async kill (text, nth, when) {
    const { revision } = await place.read()
    let n = 0
    around = async (name, operation, file, [content]) => {
      if (++n !== Number(nth)) return await operation()
      if (when === 'half') await file.write(content, 0, Math.floor(content.length / 2))
      if (when === 'after') await operation().catch(() => {})
      die()
    }
    await place.write(change(text), revision)
  },

  /** Lets the nth operation of a write fail, for each n until one passes all. */
  async fail (text, old, code) {
    for (let nth = 1, passed = false; !passed; nth++) {
      around = (name, operation) => operation()
      await original.writeFile(path, old)
      const { revision } = await place.read()
      let n = 0
      let failed
      around = async (name, operation) => {
        if (++n !== nth) return await operation()
        failed = name
        throw Object.assign(new Error('made to fail'), { code })
      }
      const error = await place.write(change(text), revision).then(() => null, error => error)
      passed = failed === undefined
      around = (name, operation) => operation()
      print({
        failed,
        error: error?.message ?? null,
        isPlaceError: error instanceof PlaceError,
        text: await original.readFile(path, 'utf8'),
        left: [...await original.readdir(dirname(path)), ...await original.readdir(join(dirname(path), '.backups')).catch(() => [])].filter(name => /\.(tmp|lock)$/.test(name))
      })
    }
  },

  /** Has somebody else save the file when its backup takes its name, and says what comes of the write. */
  async overtaken (text, saved) {
    const { revision } = await place.read()
    around = async (name, operation) => {
      if (name !== 'rename') return await operation()
      around = (_name, operation) => operation()
      await original.writeFile(path, saved)
      return await operation()
    }
    const error = await place.write(change(text), revision).then(() => null, error => error)
    print({ isConflict: error instanceof Conflict, isCurrent: error?.revision === (await place.read()).revision })
  },

  /** Writes over and over again, and says each time that it is there. */
  async loop (size) {
    for (;;) {
      const { text, revision } = await place.read()
      const n = JSON.parse(text).n + 1
      await place.write(change(JSON.stringify({ n, fill: 'x'.repeat(Number(size)), end: n })), revision)
      print(n)
    }
  },

  /** Adds members to a list, again and again where somebody else was faster. */
  async append (name, count) {
    let conflicts = 0
    for (let i = 0; i < Number(count);) {
      const { text, revision } = await place.read()
      try {
        await place.write(change(JSON.stringify([...JSON.parse(text), `${name}${i}`])), revision)
        i++
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
        conflicts++
      }
    }
    print(conflicts)
  },

  /** Reads and writes as somebody else. */
  async as (text, id) {
    const { revision } = await place.read()
    if (process.getuid() === 0) {
      process.setgroups([])
      process.setgid(Number(id))
      process.setuid(Number(id))
    }
    const told = work => work.then(() => null, error => error.message)
    print({ read: await told(place.read()), write: await told(place.write(change(text), revision)), backups: await told(place.backups()) })
  },

  /** Watches, and has nothing else to do. */
  async watch () {
    await place.watch(() => {})
    print('watching')
  }
}

await tasks[task](...args)
