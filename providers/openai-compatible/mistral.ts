import { createHash } from 'node:crypto'
import type { Target } from '../../src/provider.ts'

const MODELS = /(^|[/_-])(mistral|mixtral|magistral|ministral|codestral|devstral|pixtral)/i
const LEGAL = /^[a-zA-Z0-9]{9}$/

/**
 * Mistral's API and chat templates take no ids of calls but nine letters and digits, and a conversation may bring another
 * provider's (https://mistralai.github.io/mistral-common/usage/tools/). The same id always becomes the same other one.
 */
export function mistralToolId ({ model, provider: { url } }: Target): ((id: string) => string) | undefined {
  return MODELS.test(model) || url.hostname.endsWith('mistral.ai') ? legalId : undefined
}

/** 36 bits in hexadecimal: a conversation holds a few thousand calls at most, and only equal ids of open calls would matter. */
function legalId (id: string): string {
  return LEGAL.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 9)
}
