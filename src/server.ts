#!/usr/bin/env node
import closeWithGrace from 'close-with-grace'
import { ConfigError } from './config/config-error.ts'
import { startNotes } from './start-notes.ts'
import { listenProblem } from './http/listen-problem.ts'
import { publishedKeyProblem } from './http/published-keys.ts'

/** Time for what is left when the grace for running replies is over. */
const MARGIN = 5000

async function start (): Promise<void> {
  // Commands do without it, and the health of a container is asked for again and again.
  const { buildApp } = await import('./app.ts')
  const app = buildApp()
  try {
    await app.ready()
    const { host, port, keys } = app.config.current
    const problem = listenProblem(host, app.keys.needed) ?? publishedKeyProblem(host, keys)
    if (problem !== undefined) throw new ConfigError(app.config.current.source, [problem])
    // SIGHUP means: read the configuration anew. The grace is that of the configuration in force when it stops.
    closeWithGrace({ delay: false, logger: app.log, skip: ['SIGHUP'] }, async ({ err }) => {
      setTimeout(() => process.exit(1), app.config.current.stream.shutdownGrace + MARGIN).unref()
      if (err) app.log.fatal({ err }, 'the service stops because of an error')
      await app.close()
    })
    process.on('SIGHUP', () => { app.reloadConfig('SIGHUP').catch(() => {}) })
    const address = await app.listen({ host, port })
    for (const note of startNotes(app.config.current, app.keys.needed, address)) app.log.info(note)
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String((error as Error).stack)}\n`)
    process.exit(1)
  }
}

/** `switchyard check` and the like. The start is not to wait for their code. */
async function runCommand (args: readonly string[]): Promise<void> {
  const { run } = await import('./cli/index.ts')
  const { code, text } = await run(args, process.env)
  const stream = code === 0 ? process.stdout : process.stderr
  // A file of the user's may have left something running.
  stream.write(text, () => process.exit(code))
}

/** `.env` in the working directory, if there is one; variables that are set already stay as they are. */
function loadEnvFile (): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

loadEnvFile()
const [, , ...args] = process.argv
if (args.length === 0) await start()
else await runCommand(args)
