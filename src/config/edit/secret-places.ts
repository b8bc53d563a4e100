/** What holds the place of a secret that is not shown. */
export const MASK = '********'

/** Names of members that hold a credential, without case, `-` and `_`. */
const CREDENTIAL = /(?:key|keys|keyid|secret|secrets|password|passwd|passphrase|token|tokens|auth|authorization|cookie|credential|credentials|bearer|signature)$|^(?:pass|pwd|sig|k|code)$/
/** Headers that hold none; any other may. */
const HARMLESS_HEADER = /^(?:accept|contenttype|useragent|anthropicversion|anthropicbeta|httpreferer|referer|xtitle|xtitles|xapp)$/
const HEADERS = /^(?:extra|custom|default)?headers$/
const PROXY = /^(?:proxyurl|httpproxy|httpsproxy)$/

/**
 * What the texts under a member are: `headers` are credentials but for some, `keys` holds objects, so texts in it are mistakes;
 * conditions of `rules` are `plain`: they ask for a key by its name, and for no credential.
 */
export type Place = 'open' | 'rules' | 'plain' | 'secret' | 'keys' | 'headers' | 'proxy'

/** What the texts under a member are. @param within what the member itself is under */
export function placeOf (name: string, within: Place): Place {
  const plain = name.toLowerCase().replace(/[-_]/g, '')
  if (within === 'secret') return 'secret'
  if (within === 'plain') return 'plain'
  if (within === 'rules') return name === 'when' ? 'plain' : placeOf(name, 'open')
  if (within === 'keys') return placeOf(name, 'open')
  if (within === 'headers') return HARMLESS_HEADER.test(plain) ? 'open' : 'secret'
  // The list of keys holds objects, whose members are looked at.
  if (name === 'Keys') return 'keys'
  if (name === 'rules') return 'rules'
  if (CREDENTIAL.test(plain)) return 'secret'
  if (HEADERS.test(plain)) return 'headers'
  return PROXY.test(plain) ? 'proxy' : 'open'
}

const REFERENCE = /\$\$|\$\{[A-Za-z_]\w*\}|\$[A-Z_][A-Z0-9_]*/g
const SCHEME = /^\s*(?:bearer|basic|token)\s+$/i
const URL_USER = /(?<=\/\/)[^/?#\s@]*(?:@[^/?#\s@]*)*(?=@)/g
const BARE_USER = /^[^@]*(?=@)/
const URL_QUERY = /(?<=[?&]([^=&#\s]+)=)[^&#\s]+/g
/** What is a secret by its looks, wherever it stands. */
const LOOKS = /\bsk-[\w-]{8,4096}|\bAIza[\w-]{20,4096}|\bgh[pousr]_\w{20,4096}|\bgithub_pat_\w{20,4096}|\bxox[abeprs]-[\w-]{8,4096}|\beyJ[\w-]{8,4096}\.[\w-]{1,8192}\.[\w-]{0,4096}/g
const BEARER = /(\bbearer\s{1,8})([^\s$*][^\s$]*)/gi

/**
 * Masks what is secret of a text.
 * @param take gets each part that is masked, in their order
 * @returns the text with the mask in their place; references stay
 */
export function maskText (text: string, place: Place, take: (secret: string) => void = () => {}): string {
  const mask = (secret: string): string => literal(secret, take)
  if (place === 'secret' || place === 'keys') return mask(text)
  const shown = text
    .replace(URL_USER, mask)
    .replace(URL_QUERY, (value: string, name: string) => placeOf(decoded(name), 'open') === 'secret' ? mask(value) : value)
  const plain = place === 'proxy' && !shown.includes('://') ? shown.replace(BARE_USER, mask) : shown
  return plain.replace(BEARER, (_all, scheme: string, secret: string) => scheme + mask(secret)).replace(LOOKS, mask)
}

/** Masks what is no reference of a text that is secret; the scheme before a credential is none. */
function literal (text: string, take: (secret: string) => void): string {
  let shown = ''
  let at = 0
  let secret = ''
  const flush = (): void => {
    if (/^[\s:]*$/.test(secret) || SCHEME.test(secret)) shown += secret
    else {
      take(secret)
      shown += MASK
    }
    secret = ''
  }
  for (const { 0: reference, index } of text.matchAll(REFERENCE)) {
    secret += text.slice(at, index)
    at = index + reference.length
    // Two dollar signs stand for one, which is as secret as what is around it.
    if (reference === '$$') secret += reference
    else {
      flush()
      shown += reference
    }
  }
  secret += text.slice(at)
  flush()
  return shown
}

function decoded (name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
