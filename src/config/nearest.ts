/** The name that was probably meant; undefined where none is near: more than a third of it would be wrong. */
export function nearest (wrong: string, names: readonly string[]): string | undefined {
  const distances = names.map(name => ({ name, distance: distance(wrong.toUpperCase(), name.toUpperCase()) })).sort((a, b) => a.distance - b.distance)
  const [best] = distances
  return best !== undefined && best.distance <= best.name.length / 3 ? best.name : undefined
}

/** How many letters must be put in, taken out, replaced, or changed with their neighbour. */
function distance (one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < other.length; j++) {
      const swapped = j > 0 && i > 0 && one[i] === other[j - 1] && one[i - 1] === other[j] ? (before[j - 1] ?? 0) + 1 : Infinity
      next.push(Math.min((row[j] ?? 0) + (one[i] === other[j] ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, swapped))
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}
