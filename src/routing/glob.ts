import picomatch from 'picomatch'

/** Globs as shells have them, but `*` also stands for slashes, and case does not count: model names are no paths. */
const GLOB = { bash: true, dot: true, nocase: true, nonegate: true } as const
/** What only picomatch knows. Its expressions try every way to fit, so that long texts of a client could keep the process busy for minutes. */
const RICH = /[{}[\]()!+@\\]/
const LONGEST = 256

/** Whether a text is like one of the globs; an empty text is like none. */
export function compileGlobs (globs: readonly string[]): (text: string) => boolean {
  const plain = globs.filter(glob => glob !== '' && !RICH.test(glob)).map(glob => glob.toLowerCase())
  const rich = globs.filter(glob => RICH.test(glob))
  const matchesRich = rich.length === 0 ? () => false : picomatch(rich, GLOB)
  return text => {
    if (text === '') return false
    const lower = text.toLowerCase()
    return plain.some(glob => isLike(lower, glob)) || (text.length <= LONGEST && matchesRich(text))
  }
}

/** `*` for anything, `?` for one character but a slash. A star that was passed is never gone back behind, so time is at most the product of both lengths. */
function isLike (text: string, glob: string): boolean {
  let at = 0
  let place = 0
  let star = -1
  let from = 0
  while (at < text.length) {
    if (glob[place] === '*') {
      star = place++
      from = at
    } else if (place < glob.length && (glob[place] === '?' ? text[at] !== '/' : glob[place] === text[at])) {
      at++
      place++
    } else if (star === -1) return false
    else {
      place = star + 1
      at = ++from
    }
  }
  while (glob[place] === '*') place++
  return place === glob.length
}
