import { execFile, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { until } from '../helper/until.ts'
import { BINARY, type Desk } from './claude.ts'

const run = promisify(execFile)

/** Whether there is a tmux to drive a terminal with. */
export const HAS_TMUX = spawnSync('tmux', ['-V']).status === 0

/** What has Claude Code begin at once: no choice of a theme, no question whether the folder is to be trusted. */
async function acceptOnboarding ({ home, cwd }: Desk): Promise<void> {
  await writeFile(join(home, '.claude.json'), JSON.stringify({
    hasCompletedOnboarding: true,
    theme: 'dark',
    officialMarketplaceAutoInstallAttempted: true,
    projects: { [cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } }
  }))
}

function isRunning (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Claude Code in a terminal, as a person sees and drives it. */
export class Terminal {
  readonly #tmux: (...args: string[]) => Promise<string>

  private constructor (tmux: (...args: string[]) => Promise<string>) {
    this.#tmux = tmux
  }

  /** Opens a terminal of its own with Claude Code in it; both end with the test. */
  static async open (t: Pick<Test, 'teardown'>, gateway: string, desk: Desk, more: NodeJS.ProcessEnv = {}): Promise<Terminal> {
    await acceptOnboarding(desk)
    const env = {
      PATH: process.env['PATH'],
      HOME: desk.home,
      TMPDIR: desk.home,
      CLAUDE_CODE_TMPDIR: desk.home,
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      ANTHROPIC_BASE_URL: gateway,
      ANTHROPIC_AUTH_TOKEN: 'test',
      // Models are not discovered where all that is not essential is off; so nobody else can be reached.
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
      CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      ...more
    }
    // A server of its own, which has this environment and no one's configuration.
    const tmux = async (...args: string[]): Promise<string> => (await run('tmux', ['-S', join(desk.home, 'tmux'), '-f', '/dev/null', ...args], { env, cwd: desk.cwd })).stdout
    const pid = Number(await tmux('new-session', '-d', '-P', '-F', '#{pane_pid}', '-x', '140', '-y', '60', '-c', desk.cwd, BINARY))
    t.teardown(async () => {
      await tmux('kill-server').catch(() => {})
      // Until then it writes to its home, which is removed next.
      await until('Claude Code has ended', () => !isRunning(pid))
    })
    return new Terminal(tmux)
  }

  /** What can be seen. */
  screen (): Promise<string> {
    return this.#tmux('capture-pane', '-p')
  }

  /** Waits until something can be seen. @returns all that can */
  async shows (pattern: RegExp): Promise<string> {
    let screen = ''
    try {
      await until(`the terminal shows ${pattern}`, async () => pattern.test(screen = await this.screen()))
    } catch (error) {
      throw new Error(`${(error as Error).message}:\n${screen}`)
    }
    return screen
  }

  async type (text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text)
  }

  async press (key: string): Promise<void> {
    await this.#tmux('send-keys', key)
  }

  /** Types a line into the prompt and, once it stands there, sends it. */
  async enter (line: string): Promise<void> {
    await this.type(line)
    await this.shows(new RegExp(`❯\\s${line.replace(/[^\w ]/g, '\\$&')}`))
    await this.press('Enter')
  }
}
