import type { Test } from 'tap'
import { oneProvider, startApp } from '../helper/app.ts'
import { type ClaudeRun, type Desk, newDesk, runClaude } from './claude.ts'
import { type Ask, type Screenplay, startModel } from './model.ts'

export interface SessionOptions {
  screenplay: Screenplay
  pair?: 'openai' | 'openrouter'
  /** Files of the working directory at the start. */
  files?: Record<string, string | Buffer>
  /** What the user says; by default the name of the first conversation of the screenplay. */
  prompt?: string
  args?: string[]
}

export interface Session extends ClaudeRun {
  desk: Desk
  /** What reached the provider. */
  asks: Ask[]
  /** Says something more in the same session. */
  goOn (prompt: string): Promise<ClaudeRun>
}

/** A scripted provider, the gateway in front of it, and Claude Code talking to that. */
export async function session (t: Test, { screenplay, pair = 'openrouter', files = {}, prompt = Object.keys(screenplay)[0] ?? '', args = [] }: SessionOptions): Promise<Session> {
  const { url: provider, asks } = await startModel(t, pair, screenplay)
  const { url } = await startApp(t, { config: oneProvider(provider, pair) })
  const desk = await newDesk(t, files)
  const run = await runClaude(t, url, { prompt, desk, args })
  return { ...run, asks, desk, goOn: prompt => runClaude(t, url, { prompt, desk, args: [...args, '--continue'] }) }
}
