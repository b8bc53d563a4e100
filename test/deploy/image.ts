import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** The instructions of the Dockerfile, each in one line. */
export const instructions = readFileSync(join(root, 'Dockerfile'), 'utf8').replace(/\\\n/g, '').split('\n').filter(line => /^[A-Z]/.test(line))

/** Those of the image itself: the last stage. */
export const imageInstructions = instructions.slice(instructions.findLastIndex(line => line.startsWith('FROM ')))

/** What stands behind an instruction of the image; an empty text where it has none. */
export function instruction (name: string): string {
  return imageInstructions.find(line => line.startsWith(`${name} `))?.slice(name.length + 1) ?? ''
}

/** The variables that containers are started with. */
export const imageEnv = Object.fromEntries(instruction('ENV').split(' ').map(pair => pair.split('='))) as Record<string, string>
