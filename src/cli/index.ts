import { parseArgs } from 'node:util'
import { version } from '../version.ts'
import { type Outcome, outcome } from './outcome.ts'

const HELP = `switchyard                 starts the service
switchyard check [file]    says whether it could start with this configuration, offline
switchyard init [file]     writes a first configuration from the environment; asks nothing
switchyard health [file]   says whether the service of this machine lives
switchyard --help, -h      this
switchyard --version, -v   the version

Without a file it is the one that the start takes: CONFIG_PATH, else config.json, else the environment alone.
Every setting can be given by a variable (docs/configuration.md), and .env in the working directory is read.`

/** Commands by name; loaded when they are asked for. */
const COMMANDS: Readonly<Record<string, (file: string | undefined, processEnv: NodeJS.ProcessEnv) => Promise<Outcome>>> = {
  check: async (file, processEnv) => (await import('./check.ts')).check(file, processEnv),
  health: async (file, processEnv) => (await import('./health.ts')).health(file, processEnv),
  init: async (file, processEnv) => (await import('./init.ts')).init(file, processEnv)
}

/** Runs a command; `switchyard` alone is none, and starts the service. @param args what stands behind the name of the program */
export async function run (args: readonly string[], processEnv: NodeJS.ProcessEnv): Promise<Outcome> {
  const parsed = parse(args)
  if (typeof parsed === 'string') return wrong(parsed)
  const { values: { help, version: asked }, positionals: [name, file, ...more] } = parsed
  if (help === true) return outcome(0, [HELP])
  if (asked === true) return outcome(0, [version])
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) return wrong(name === undefined ? 'A command is missing' : `There is no command ${name}`)
  return more.length > 0 ? wrong(`${name} takes one file`) : command(file, processEnv)
}

type Parsed = ReturnType<typeof parseArgs<{ options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } }, allowPositionals: true }>>

/** @returns the arguments, or what is wrong with them */
function parse (args: readonly string[]): Parsed | string {
  try {
    return parseArgs({ args: [...args], options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } }, allowPositionals: true })
  } catch (error) {
    return (error as Error).message.split('. ', 1)[0] ?? ''
  }
}

function wrong (problem: string): Outcome {
  return outcome(2, [problem, '', HELP])
}
