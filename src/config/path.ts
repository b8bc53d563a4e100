/** Names that would be lost, or taken for something else, in the middle of a path. */
const ODD = /^$|[\s[\]"\p{C}]/u
/** Characters of a name that are told. */
const SHOWN = 40

/** A step further on a path: `Providers[0].name`, as problems have it; `Router["no name"]` for odd ones. */
export function joinPath (path: string, step: string | number): string {
  const name = String(step)
  if (/^\d+$/.test(name)) return `${path}[${name}]`
  if (ODD.test(name)) return `${path}[${JSON.stringify(shortened(name))}]`
  return path === '' ? name : `${path}.${name}`
}

/** A name may be what is too long. */
export function shortened (name: string): string {
  return name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name
}
