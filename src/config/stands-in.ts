import type { Environment } from './environment.ts'
import { isFlaskProxy } from './environment/openrouter.ts'
import { PREFIX } from './settings.ts'
import type { Config } from './snapshot.ts'
import { ENVIRONMENT } from './written-document.ts'

/**
 * Whether the service stands in for the Flask proxy, whose users get its words, too: as all names of other gateways, those of its
 * variables count only where there is neither a file nor providers of one's own.
 */
export function standsInForFlask ({ source }: Pick<Config, 'source'>, env: Environment, processEnv: NodeJS.ProcessEnv): boolean {
  return source === ENVIRONMENT && !processEnv[`${PREFIX}PROVIDERS`] && isFlaskProxy(env)
}
