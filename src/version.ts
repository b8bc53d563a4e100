import { existsSync, readFileSync } from 'node:fs'

/** The file is one folder above the sources, and two above what is built of them. */
const places = ['../package.json', '../../package.json'].map(path => new URL(path, import.meta.url))
const place = places.find(existsSync)

/** The version of this program. */
export const version: string = place === undefined ? '0.0.0' : (JSON.parse(readFileSync(place, 'utf8')) as { version: string }).version
