import { readFile } from 'node:fs/promises'
import { dirname, resolve as resolvePath } from 'node:path'
import { ReasoningMemory } from '../message/reasoning-memory.ts'
import { type JsonObject, isJsonObject } from '../wire/json.ts'
import { ConfigError } from './config-error.ts'
import { loadCustomRouter } from './custom-router.ts'
import { type TransformerEntry, withCustomTransformers } from './custom-transformers.ts'
import { maskProblems, withoutSecretsOf } from './edit/secrets.ts'
import type { Environment } from './environment.ts'
import { DOCUMENT_VARIABLE, type GivenSetting, givenDocument, givenSettings, unknownVariables, withSettings, withVariables } from './environment-settings.ts'
import { interpolate } from './interpolate.ts'
import { filePath, fileProblem } from './load-file.ts'
import { joinPath } from './path.ts'
import { type Surroundings, UNUSED, resolve } from './resolve.ts'
import { type ConfigDocument, OLD_KEYS } from './schema.ts'
import type { Config } from './snapshot.ts'
import type { TransformerCatalogue } from './transformers.ts'
import { formProblems } from './validate.ts'
import { documentWithoutFile, parseDocument } from './written-document.ts'

/** The file that is read where nothing names another, if it is there. */
export const DEFAULT_PATH = 'config.json'

/** A document as somebody wrote it. */
export interface WrittenDocument {
  readonly document: JsonObject
  /** Where it came from, in words. */
  readonly source: string
  /** Where relative paths of it begin. */
  readonly folder: string
}

/** A document as it is used: settings of the environment above its own, references resolved. */
export interface ReadDocument extends WrittenDocument {
  /** The settings that the environment gave. */
  readonly given: readonly GivenSetting[]
}

/** What documents are loaded with. */
export interface Loading {
  readonly env: Environment
  readonly processEnv: NodeJS.ProcessEnv
  readonly builtIn: TransformerCatalogue
  readonly memory: ReasoningMemory
  /** The configuration before: what is the same stays, and with it what is known of it. */
  readonly before?: Config | undefined
}

/**
 * Loads the configuration: the file at `CONFIG_PATH`, else `config.json` in the working directory, else the environment
 * alone.
 * @throws {ConfigError} that names every problem by its path
 */
export async function loadConfig (env: Environment, processEnv: NodeJS.ProcessEnv, builtIn: TransformerCatalogue, memory = new ReasoningMemory()): Promise<Config> {
  return await loadDocument(await readWritten(env, processEnv), { env, processEnv, builtIn, memory })
}

/**
 * Makes a snapshot of a document: everything in it is checked and tried.
 * @throws {ConfigError} that names every problem by its path
 */
export async function loadDocument (written: WrittenDocument, { env, processEnv, builtIn, memory, before }: Loading): Promise<Config> {
  const problems: string[] = []
  const { document, source, folder, given } = usedDocument(written, env, processEnv, problems, before === undefined)
  const bad = (lines: readonly string[]): ConfigError => new ConfigError(source, withVariables(lines, given).map(withoutSecretsOf(written.document, document)))
  problems.push(...maskProblems(document))
  const form = formProblems(document)
  if (form.length > 0) throw bad([...problems, ...form])
  const resolved = document as ConfigDocument
  const catalogue = await withCustomTransformers((resolved.transformers ?? []) as TransformerEntry[], folder, builtIn, problems, before?.catalogue)
  const files = await loadFiles(resolved, folder, problems)
  const config = resolve(resolved, { env, catalogue, memory, ...(before !== undefined && { before: before.providers }), source, folder, ...files }, problems)
  if (config === undefined || problems.length > 0) throw bad(problems)
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

/**
 * Reads the document that {@link loadConfig} loads; nothing of its form is checked yet.
 * @param problems gets a line for each reference that leads nowhere
 * @throws {ConfigError} where it cannot be read, or variables of the environment are none of ours
 */
export async function readDocument (env: Environment, processEnv: NodeJS.ProcessEnv, problems: string[]): Promise<ReadDocument> {
  return usedDocument(await readWritten(env, processEnv), env, processEnv, problems)
}

/** @param strict whether variables that mean nothing are errors: once the service runs, a change of the document must not fail on them */
function usedDocument ({ document, source, folder }: WrittenDocument, env: Environment, processEnv: NodeJS.ProcessEnv, problems: string[], strict = true): ReadDocument {
  const wrong: string[] = []
  const given = givenSettings(env, processEnv, wrong)
  const written = withoutEmpty(withSettings(withoutEmpty(document), given))
  if (strict) wrong.push(...unknownVariables(processEnv, written))
  if (wrong.length > 0) throw new ConfigError('the environment', wrong)
  return { document: withReferences(written, processEnv, problems), source, folder, given }
}

/** @throws {ConfigError} where it cannot be read */
async function readWritten (env: Environment, processEnv: NodeJS.ProcessEnv): Promise<WrittenDocument> {
  const { CONFIG_PATH: path = DEFAULT_PATH } = env
  checkOneSource(env, processEnv)
  const text = givenDocument(processEnv) === undefined ? await readText(path, env.CONFIG_PATH !== undefined) : undefined
  return text === undefined ? unwrittenDocument(env, processEnv) : documentOfText(text, path, path)
}

/** The document that stands in the place of a file. @throws {ConfigError} where `SWITCHYARD_CONFIG` is none */
export function unwrittenDocument (env: Environment, processEnv: NodeJS.ProcessEnv): WrittenDocument {
  return { ...documentWithoutFile(env, processEnv, givenSettings(env, processEnv, [])), folder: process.cwd() }
}

/**
 * The document of a text.
 * @param path of the file that it is, or would be, in: relative paths begin there
 * @throws {ConfigError} where it is none
 */
export function documentOfText (text: string, source: string, path: string): WrittenDocument {
  return { document: parseDocument(text, source), source, folder: dirname(resolvePath(path)) }
}

/** @throws {ConfigError} where there is a file beside a whole document in the environment */
export function checkOneSource ({ CONFIG_PATH: path }: Environment, processEnv: NodeJS.ProcessEnv): void {
  if (path !== undefined && givenDocument(processEnv) !== undefined) throw new ConfigError('the environment', [`CONFIG_PATH: ${DOCUMENT_VARIABLE} is set as well, and takes the place of a file; only one of them can be`])
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
    return [key, interpolate(value, processEnv, OLD_KEYS.test(key) ? [] : problems, joinPath('', key))]
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
