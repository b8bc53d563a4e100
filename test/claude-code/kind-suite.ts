import type { Test } from 'tap'
import type { KindName } from '../helper/kinds/index.ts'
import { kindAnswers } from './kind-answers.ts'
import { kindFaults } from './kind-faults.ts'
import { kindSessions } from './kind-sessions.ts'
import type { Ask } from './model.ts'
import { type Session, type SessionOptions, session } from './session.ts'

/** A session with the kind of provider that the tests are about. */
export type On = (t: Test, options: SessionOptions) => Promise<Session>

/** The reasoning of every answer of the conversation, as it came back to the provider. */
export function reasoning (asks: Ask[]): string[][] {
  return asks.at(-1)?.said.filter(({ role }) => role === 'assistant').map(({ reasoning }) => reasoning) ?? []
}

/** What the user sent last. */
export function last (ask: Ask | undefined): Ask['said'][number] | undefined {
  return ask?.said.at(-1)
}

/** Results in the order of their ids, where the provider gets them in that of their arrival, as Claude Code sent them. */
export function inOrder (kind: KindName, results: Ask['said'][number]['results'] = []): Ask['said'][number]['results'] {
  return kind === 'anthropic' ? results.toSorted((a, b) => a.id < b.id ? -1 : 1) : results
}

export const echo = (word: string): object => ({ command: `echo ${word}`, description: 'Print' })

/** What Claude Code must be able to do with every kind of provider, whose server judges each request on its own terms. */
export function kindSuite (t: Test, kind: KindName): void {
  const on: On = (t, options) => session(t, { kind, ...options })
  kindAnswers(t, kind, on)
  kindFaults(t, kind, on)
  kindSessions(t, kind, on)
}
