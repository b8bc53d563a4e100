import { readFile } from 'node:fs/promises'
import { dirname, resolve as resolvePath } from 'node:path'
import JSON5 from 'json5'
import { ReasoningMemory } from '../message/reasoning-memory.ts'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import { ConfigError } from './config-error.ts'
import { loadCustomRouter } from './custom-router.ts'
import { type TransformerEntry, withCustomTransformers } from './custom-transformers.ts'
import { type Environment, documentFromEnvironment, overrides } from './environment.ts'
import { interpolate } from './interpolate.ts'
import { filePath, fileProblem } from './load-file.ts'
import { type Surroundings, UNUSED, resolve } from './resolve.ts'
import { type ConfigDocument, OLD_KEYS } from './schema.ts'
import type { Config } from './snapshot.ts'
import type { TransformerCatalogue } from './transformers.ts'
import { formProblems } from './validate.ts'

const DEFAULT_PATH = 'config.json'

/**
 * Loads the configuration: the file at `CONFIG_PATH`, else `config.json` in the working directory, else the environment
 * alone.
 * @throws {ConfigError} that names every problem by its path
 */
export async function loadConfig (env: Environment, processEnv: NodeJS.ProcessEnv, builtIn: TransformerCatalogue, memory = new ReasoningMemory()): Promise<Config> {
  const problems: string[] = []
  const { document, source, folder } = await readDocument(env, processEnv, problems)
  const resolved = { ...document, ...overrides(env) }
  const form = formProblems(resolved)
  if (form.length > 0) throw new ConfigError(source, [...problems, ...form])
  const { transformers = [] } = resolved as ConfigDocument
  const catalogue = await withCustomTransformers(transformers as TransformerEntry[], folder, builtIn, problems)
  const files = await loadFiles(resolved as ConfigDocument, folder, problems)
  const config = resolve(resolved as ConfigDocument, { env, catalogue, memory, source, folder, ...files }, problems)
  if (config === undefined || problems.length > 0) throw new ConfigError(source, problems)
  return config
}

/** What the document names by a path, beside transformers. */
async function loadFiles (document: ConfigDocument, folder: string, problems: string[]): Promise<Pick<Surroundings, 'custom' | 'systemPrompt'>> {
  const { CUSTOM_ROUTER_PATH: router, CUSTOM_ROUTER_TIMEOUT_MS: timeout = 3000, REWRITE_SYSTEM_PROMPT: prompt } = document
  return {
    custom: router === undefined ? undefined : await loadCustomRouter(router, folder, document, timeout, problems),
    systemPrompt: prompt === undefined ? undefined : await readPrompt(filePath(prompt, folder), problems)
  }
}

async function readPrompt (file: string, problems: string[]): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    problems.push(`REWRITE_SYSTEM_PROMPT: ${file} ${fileProblem(error)}`)
    return undefined
  }
}

/** The document with its references resolved. What stands in the environment is no reference: dollar signs there are meant. */
async function readDocument (env: Environment, processEnv: NodeJS.ProcessEnv, problems: string[]): Promise<{ document: JsonObject, source: string, folder: string }> {
  const path = env.CONFIG_PATH ?? DEFAULT_PATH
  const text = await readText(path, env.CONFIG_PATH !== undefined)
  if (text === undefined) return { document: documentFromEnvironment(env), source: 'the environment', folder: process.cwd() }
  const document = parse(text, path)
  if (!isJsonObject(document)) throw new ConfigError(path, ['the document: must be an object'])
  return { document: withReferences(without(document, overrides(env)), processEnv, problems), source: path, folder: dirname(resolvePath(path)) }
}

/** The document without what the environment says, and without what was left empty. */
function without (document: JsonObject, given: JsonObject): JsonObject {
  return withoutEmpty(Object.fromEntries(Object.entries(document).filter(([key]) => !Object.hasOwn(given, key))))
}

/** Settings that were left empty are not set: claude-code-router's own editor writes such files, and to it a threshold of 0 is none. */
function withoutEmpty (document: JsonObject): JsonObject {
  const given = Object.fromEntries(Object.entries(document).filter(([key, value]) => value !== '' && value !== null && !(key === 'longContextThreshold' && value === 0)))
  return isJsonObject(given['Router']) ? { ...given, Router: withoutEmpty(given['Router']) } : given
}

/** A line of `problems` for each reference that leads nowhere, but where the key does nothing: the text of a status line is its client's. */
function withReferences (document: JsonObject, processEnv: NodeJS.ProcessEnv, problems: string[]): JsonObject {
  return Object.fromEntries(Object.entries(document).map(([key, value]) => {
    if (UNUSED.some(unused => unused === key)) return [key, value]
    // The user's own router may read these; nothing else does.
    return [key, interpolate(value, processEnv, OLD_KEYS.test(key) ? [] : problems, key)]
  }))
}

async function readText (path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && !required) return undefined
    throw new ConfigError(path, [code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`])
  }
}

/** JSON5: comments and trailing commas are welcome. */
function parse (text: string, path: string): unknown {
  try {
    return JSON5.parse(text)
  } catch (error) {
    throw new ConfigError(path, [(error as Error).message.replace(/^JSON5: /, '')])
  }
}
