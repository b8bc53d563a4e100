import type { Test } from 'tap'
import { startApp } from '../helper/app.ts'
import { KINDS, type KindName } from '../helper/kinds/index.ts'
import { type ClaudeRun, type Desk, newDesk, runClaude } from './claude.ts'
import { type Ask, type Screenplay, startModel } from './model.ts'

export interface SessionOptions {
  screenplay: Screenplay
  kind?: KindName
  /** More providers, which play the same screenplay; `--model` leads to them. */
  others?: KindName[]
  /** Files of the working directory at the start. */
  files?: Record<string, string | Buffer>
  /** What the user says; by default the name of the first conversation of the screenplay. */
  prompt?: string
  args?: string[]
}

export interface Session extends ClaudeRun {
  desk: Desk
  /** What reached the providers. */
  asks: Ask[]
  /** Says something more in the same session. */
  goOn (prompt: string, args?: string[]): Promise<ClaudeRun>
}

/** The name by which Claude Code asks for a provider. */
export function modelOf (kind: KindName): string {
  return `${kind},${KINDS[kind].model}`
}

/** A scripted provider, the gateway in front of it, and Claude Code talking to that. */
export async function session (t: Test, { screenplay, kind = 'openrouter', others = [], files = {}, prompt = Object.keys(screenplay)[0] ?? '', args = [] }: SessionOptions): Promise<Session> {
  const asks: Ask[] = []
  const models = await Promise.all([kind, ...others].map(name => startModel(t, KINDS[name], screenplay, asks)))
  const { url } = await startApp(t, { config: { Providers: models.map(({ entry, kind }) => entry(kind.name)), Router: { default: modelOf(kind) } } })
  const desk = await newDesk(t, files)
  const run = await runClaude(t, url, { prompt, desk, args })
  return { ...run, asks, desk, goOn: (prompt, more = args) => runClaude(t, url, { prompt, desk, args: [...more, '--continue'] }) }
}
