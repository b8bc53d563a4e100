import { type JsonObject, isJsonObject, objectsOf } from '../../src/wire/json.ts'

/** A reference inside a definition, and the properties that lead to it there. */
interface Use { holder: JsonObject, to: string, path: { owner: JsonObject, property: string }[] }

/**
 * Takes out of a clean schema what would make a value of it endless: Gemini unrolls references, and takes one that leads back to
 * its own definition in a property only that is not required (https://ai.google.dev/api/generate-content, responseJsonSchema).
 */
export function breakCycles (root: JsonObject): void {
  const uses = usesOf(root)
  const group = groupsOf(new Map([...uses].map(([name, list]) => [name, list.map(({ to }) => to)])))
  const bare = new Map<string, Use[]>()
  for (const [name, list] of uses) {
    const back = list.filter(({ to }) => group.get(to) === group.get(name))
    for (const { path } of back) makeOptional(path)
    bare.set(name, back.filter(({ path }) => path.length === 0))
  }
  for (const { holder } of returning(bare)) delete holder['$ref']
}

/** Of the properties on the way the innermost is enough. */
function makeOptional (path: Use['path']): void {
  const { owner, property } = path.at(-1) ?? {}
  if (owner === undefined || !Array.isArray(owner['required'])) return
  const required = owner['required'].filter(name => name !== property)
  if (required.length > 0) owner['required'] = required
  else delete owner['required']
}

/** The references in each definition, and in the schema itself. */
function usesOf (root: JsonObject): Map<string, Use[]> {
  const definitions = isJsonObject(root['$defs']) ? Object.entries(root['$defs']) : []
  const named = definitions.map(([name, definition]): [string, unknown] => [`#/$defs/${name}`, definition])
  return new Map([['#', root] as [string, unknown], ...named].map(([name, definition]) => {
    const uses: Use[] = []
    if (isJsonObject(definition)) collect(definition, [], uses)
    return [name, uses]
  }))
}

function collect (schema: JsonObject, path: Use['path'], uses: Use[]): void {
  const { $ref: to, properties, items, additionalProperties, prefixItems, anyOf, oneOf } = schema
  if (typeof to === 'string') uses.push({ holder: schema, to, path })
  for (const inner of [items, additionalProperties, ...objectsOf(prefixItems), ...objectsOf(anyOf), ...objectsOf(oneOf)]) {
    if (isJsonObject(inner)) collect(inner, path, uses)
  }
  for (const [property, inner] of Object.entries(isJsonObject(properties) ? properties : {})) {
    if (isJsonObject(inner)) collect(inner, [...path, { owner: schema, property }], uses)
  }
}

/** Numbers the definitions so that two have the same number when each leads to the other (Tarjan). */
function groupsOf (targets: ReadonlyMap<string, string[]>): Map<string, number> {
  const order = new Map<string, number>()
  const group = new Map<string, number>()
  const stack: string[] = []
  const visit = (name: string): number => {
    const index = order.size
    let low = index
    order.set(name, index)
    stack.push(name)
    for (const target of targets.get(name) ?? []) {
      if (!order.has(target)) low = Math.min(low, visit(target))
      else if (!group.has(target)) low = Math.min(low, order.get(target) ?? low)
    }
    if (low === index) for (const member of stack.splice(stack.indexOf(name))) group.set(member, index)
    return low
  }
  for (const name of targets.keys()) if (!order.has(name)) visit(name)
  return group
}

/** References outside of any property that close a circle of such. */
function returning (uses: ReadonlyMap<string, Use[]>): Use[] {
  const found: Use[] = []
  const seen = new Set<string>()
  const open = new Set<string>()
  const visit = (name: string): void => {
    seen.add(name)
    open.add(name)
    for (const use of uses.get(name) ?? []) {
      if (open.has(use.to)) found.push(use)
      else if (!seen.has(use.to)) visit(use.to)
    }
    open.delete(name)
  }
  for (const name of uses.keys()) if (!seen.has(name)) visit(name)
  return found
}
