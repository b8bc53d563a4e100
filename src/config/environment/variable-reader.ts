import { literal, readSetting } from '../read-setting.ts'
import type { Environment } from './variables.ts'

type Name = keyof Environment

/** What an address of a server begins with. */
const SERVER = /^https?:\/\//i
/** What a header can carry, without a blank at its ends (https://www.rfc-editor.org/rfc/rfc9110#section-5.5). */
const HEADER = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const MILLISECONDS = 1000
const MAX_PORT = 65535

/** Reads variables as a document would hold them. What is wrong is gathered, by the variable and without what it holds. */
export class VariableReader {
  readonly env: Environment
  readonly problems: string[] = []

  constructor (env: Environment) {
    this.env = env
  }

  /** A text, dollar signs and all; undefined where it is empty. */
  text (name: Name): string | undefined {
    const { [name]: value } = this.env
    return value === undefined || value === '' ? undefined : literal(String(value))
  }

  /** A reference to a variable that holds a secret. */
  secret (name: Name): string | undefined {
    return this.text(name) === undefined ? undefined : `$${name}`
  }

  /** The base of a server's API, without a slash at its end. */
  url (name: Name): string | undefined {
    const text = this.text(name)
    if (text === undefined || (SERVER.test(text) && URL.canParse(text))) return text?.replace(/\/+$/, '')
    this.problems.push(`${name}: must be a URL that begins with http:// or https://`)
    return undefined
  }

  header (name: Name): string | undefined {
    const text = this.text(name)
    if (text === undefined || HEADER.test(text)) return text
    this.problems.push(`${name}: is sent as a header, which can carry ASCII only, without blanks at its ends`)
    return undefined
  }

  port (name: Name): number | undefined {
    const port = this.#setting(name, 'integer')
    if (port === undefined || (Number(port) >= 0 && Number(port) <= MAX_PORT)) return port as number | undefined
    this.problems.push(`${name}: must be from 0 to ${MAX_PORT}`)
    return undefined
  }

  /** Seconds, as milliseconds. */
  seconds (name: Name): number | undefined {
    const seconds = this.#setting(name, 'number')
    if (seconds === undefined) return undefined
    if (Number(seconds) > 0) return Math.ceil(Number(seconds) * MILLISECONDS)
    this.problems.push(`${name}: must be more than 0`)
    return undefined
  }

  flag (name: Name): boolean | undefined {
    return this.#setting(name, 'flag') as boolean | undefined
  }

  #setting (name: Name, kind: 'integer' | 'number' | 'flag'): unknown {
    const { [name]: text } = this.env
    if (text === undefined || text === '') return undefined
    // Python's users write True.
    const said = readSetting({ kind, schema: {} }, kind === 'flag' ? String(text).toLowerCase() : String(text))
    if ('value' in said) return said.value
    this.problems.push(`${name}: ${said.problem}`)
    return undefined
  }
}
