import { isDeepStrictEqual } from 'node:util'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import { ConfigError } from './config-error.ts'
import { TOO_DEEP, isTooDeep } from './depth.ts'
import { type Difference, differences } from './edit/difference.ts'
import { editText } from './edit/edit-text.ts'
import { type Effects, type State, effectsOf } from './edit/effects.ts'
import { unmaskSecrets } from './edit/secrets.ts'
import { InTurn } from './in-turn.ts'
import type { LiveConfig } from './live.ts'
import { type ConfigPlace, Conflict, type Version } from './place/place.ts'
import type { Config } from './snapshot.ts'
import { parseDocument } from './written-document.ts'

/** A wish to change the document. */
export interface Edit {
  /** Makes the wanted document of the one that is there, in which secrets may be masked. */
  readonly change: (current: JsonObject) => JsonObject
  /** Whether nothing of what is there is needed, so that it may even be no document. */
  readonly replaces: boolean
  /** The text as it shall be written, if it is that of the wanted document; without it, that which is there with as few changes as possible. */
  readonly text?: string
  /** What the document must still be at; any if undefined. */
  readonly revision?: string | undefined
  readonly author: string
  /** Only tell what would come of it. */
  readonly dryRun: boolean
}

/** What came, or would come, of it. */
export interface Outcome {
  readonly version: Version
  /** Where what was there before is kept; null where nothing was written, or there was nothing. */
  readonly backup: string | null
  /** Whether anything was, or would be, written. */
  readonly changed: boolean
  readonly difference: readonly Difference[]
  /** What others had written before, and what came into force with it. */
  readonly others: readonly Difference[]
  readonly effects: Effects
}

export interface EditorParts {
  readonly place: ConfigPlace
  readonly live: LiveConfig
  /** Makes a snapshot of a document. @throws {ConfigError} that names every problem by its path */
  readonly load: (document: JsonObject) => Promise<Config>
  /** The document where nothing is written yet. */
  readonly unwritten: () => JsonObject
  /** What speaks against putting a configuration in force here, though it is good in itself; one line each. */
  readonly objections: (next: Config) => string[]
}

/** How often a change is made anew where somebody else was faster, and the client did not say what it knows. */
const TRIES = 5

/** Changes the document: checked as a whole, then written, then put in force. One change at a time. */
export class ConfigEditor {
  readonly #parts: EditorParts
  readonly #turns = new InTurn()
  /** What is in force. */
  #revision: string
  /** The document that is in force. */
  #document: JsonObject

  /** @param revision, document what the service started with */
  constructor (parts: EditorParts, revision: string, document: JsonObject) {
    this.#parts = parts
    this.#revision = revision
    this.#document = document
  }

  get place (): ConfigPlace { return this.#parts.place }

  /** The document as it is written, and its revision. @throws {ConfigError} where what is there is no document */
  async read (): Promise<{ document: JsonObject, revision: string }> {
    const version = await this.#parts.place.read()
    return { document: this.#documentOf(version), revision: version.revision }
  }

  /** Keeps what is there. @returns where; null where there is nothing. @throws {PlaceError} */
  async backUp (): Promise<string | null> {
    const { place } = this.#parts
    const backup = await place.backUp()
    return backup && place.whereIs(backup)
  }

  /** @throws {ConfigError} where it cannot be; {Conflict} where the document is at another revision; {PlaceError} */
  edit (edit: Edit): Promise<Outcome> {
    return this.#turns.do(async () => {
      for (let tries = 1; ; tries++) {
        try {
          return await this.#edit(edit)
        } catch (error) {
          if (!(error instanceof Conflict) || edit.revision !== undefined || tries === TRIES) throw error
        }
      }
    })
  }

  /**
   * Takes in what somebody else wrote.
   * @param anyway also where the document is the same: files that it names may be others
   * @returns what came of it; null where it is in force already
   * @throws {ConfigError} where it cannot be: what was in force stays so
   */
  reload (anyway = false): Promise<Outcome | null> {
    return this.#turns.do(async () => {
      const { live, place, load } = this.#parts
      const version = await place.read(true)
      if (version.revision === this.#revision && (!anyway || version.text === null)) return null
      const document = this.#documentOf(version)
      const config = await load(document)
      const outcome = { version, backup: null, changed: false, difference: [], others: differences(this.#document, document), effects: effectsOf({ document: this.#document, config: live.current }, { document, config }) }
      this.#putInForce({ document, config }, version)
      return outcome
    })
  }

  async #edit ({ change, replaces, text, revision, author, dryRun }: Edit): Promise<Outcome> {
    const { place, live } = this.#parts
    const version = await place.read()
    if (revision !== undefined && revision !== version.revision) throw new Conflict(version.revision)
    const there = replaces ? this.#documentOrNothing(version) : this.#documentOf(version)
    const current = there ?? {}
    const wanted = change(current)
    if (isTooDeep(wanted)) throw new ConfigError('the document', [TOO_DEEP])
    const { document, problems } = unmaskSecrets(wanted, current)
    if (problems.length > 0 || !isJsonObject(document)) throw new ConfigError('the document', problems)
    const config = await this.#checked(document)
    const difference = differences(current, document)
    // With masks in it, it is not the text of what they stand for.
    const given = isDeepStrictEqual(document, wanted) ? text : undefined
    const changed = difference.length > 0 || (given !== undefined && given !== version.text)
    const others = there === undefined || version.revision === this.#revision ? [] : differences(this.#document, there)
    const outcome = { version, backup: null, changed, difference, others, effects: effectsOf({ document: this.#document, config: live.current }, { document, config }) }
    if (dryRun) return outcome
    if (!changed) {
      // It may be the document of somebody else, not taken in yet, or of files that are others now.
      this.#putInForce({ document, config }, version)
      return outcome
    }
    const written = await place.write({ text: given ?? editText(version.text ?? '{}\n', document), author, difference }, version.revision)
    this.#putInForce({ document, config }, written.version)
    return { ...outcome, version: written.version, backup: written.backup && place.whereIs(written.backup) }
  }

  /** @throws {ConfigError} */
  async #checked (document: JsonObject): Promise<Config> {
    const { load, objections } = this.#parts
    const config = await load(document)
    const against = objections(config)
    if (against.length > 0) throw new ConfigError('the document', against)
    return config
  }

  #putInForce ({ document, config }: State, { revision }: Version): void {
    this.#revision = revision
    this.#document = document
    this.#parts.live.apply(config)
  }

  /** @throws {ConfigError} where it is none, or is gone: nobody took it away to be served by the environment, or the demo, from here on */
  #documentOf ({ text, revision }: Version): JsonObject {
    const { place, unwritten } = this.#parts
    if (text !== null) return parseDocument(text, place.source)
    if (revision !== this.#revision) throw new ConfigError(place.source, ['there is no such file any more'])
    return unwritten()
  }

  #documentOrNothing (version: Version): JsonObject | undefined {
    try {
      return this.#documentOf(version)
    } catch {
      return undefined
    }
  }
}
