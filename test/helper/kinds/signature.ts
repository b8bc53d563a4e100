import { createHash } from 'node:crypto'
import type { KindName } from './kind.ts'

/** What a server can read in a signature of its own. */
export interface Seal {
  kind: KindName
  /** The thinking that it stands for. */
  thought: string
  /** The part that it belongs to: a changed or moved one shows. */
  of: string
}

/** Bytes that are `/` and `+` in base64, and enough of them to be as long as real ones. */
const NOISE = Buffer.from('fbefbeffffff'.repeat(60), 'hex')

/** A provider's signature: opaque base64 to everybody else. */
export function sign (kind: KindName, thought: string, of: string): string {
  const seal: Seal & { sum: string } = { kind, thought, of: digest(of), sum: digest(`${kind} ${thought} ${digest(of)}`) }
  return Buffer.concat([Buffer.from(JSON.stringify(seal)), Buffer.from([0]), NOISE]).toString('base64')
}

/** Reads a signature of this provider's back; undefined for any other, or a damaged one. */
export function unsign (kind: KindName, signature: string, of: string): Seal | undefined {
  const seal = read(signature)
  return seal?.kind === kind && seal.of === digest(of) ? seal : undefined
}

/** Whoever made it, and for whatever part. */
export function read (signature: string): Seal | undefined {
  const bytes = Buffer.from(signature, 'base64')
  const end = bytes.indexOf(0)
  if (end === -1 || !bytes.subarray(end + 1).equals(NOISE)) return undefined
  try {
    const { sum, ...seal } = JSON.parse(bytes.subarray(0, end).toString()) as Seal & { sum: string }
    return sum === digest(`${seal.kind} ${seal.thought} ${seal.of}`) ? seal : undefined
  } catch {
    return undefined
  }
}

function digest (text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
