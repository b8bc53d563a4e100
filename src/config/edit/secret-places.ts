/** What holds the place of a secret that is not shown. */
export const MASK = '********'

/** Names of members that hold a credential, without case, `-`, `_` and a number behind them. */
const CREDENTIAL = /(?:key|keys|keyid|secret|secrets|password|passwd|passphrase|passcode|token|tokens|auth|authorization|authheader|cookie|credential|credentials|bearer|signature|jwt)$|apikey|secretkey|secretvalue|privatekey|accesskey|password|^(?:pass|pwd|sig|sas|access|k|code)$/
/** How many tokens, which is no credential even where it is written as a text. */
const AMOUNT = /^(?:max|min|budget|thinking|input|output|prompt|completion)\w*tokens$/
/** Headers that hold none; any other may. */
const HARMLESS_HEADER = /^(?:accept|contenttype|useragent|anthropicversion|anthropicbeta|httpreferer|referer|xtitle|xtitles|xapp)$/
const HEADERS = /headers$/
const PROXY = /proxy$|proxyurl$/

/**
 * What the texts under a member are: `headers` are credentials but for some, and a text in place of them is one or its value;
 * `keys` holds objects, so texts in it are mistakes; conditions of `rules` are `plain`: they ask for a key by its name.
 */
export type Place = 'open' | 'rules' | 'plain' | 'secret' | 'keys' | 'headers' | 'proxy'

/** What the texts under a member are. @param within what the member itself is under */
export function placeOf (name: string, within: Place): Place {
  const plain = name.toLowerCase().replace(/[-_]/g, '').replace(/\d+$/, '')
  const isCredential = CREDENTIAL.test(plain) && !AMOUNT.test(plain)
  if (within === 'secret') return 'secret'
  // A condition may ask for a header by what it holds.
  if (within === 'plain') return isCredential && name !== 'key' ? 'secret' : 'plain'
  if (within === 'rules') return name === 'when' ? 'plain' : placeOf(name, 'open')
  if (within === 'keys') return placeOf(name, 'open')
  if (within === 'headers') return HARMLESS_HEADER.test(plain) ? 'open' : 'secret'
  // The list of keys holds objects, whose members are looked at.
  if (name === 'Keys') return 'keys'
  if (name === 'rules') return 'rules'
  if (isCredential) return 'secret'
  if (HEADERS.test(plain)) return 'headers'
  return PROXY.test(plain) ? 'proxy' : 'open'
}

const REFERENCE = /\$\$|\$\{[A-Za-z_]\w*\}|\$[A-Z_][A-Z0-9_]*/g
const SCHEME = /^\s*(?:bearer|basic|token)\s+$/i
const URL_USER = /(?<=\/\/)[^/?#\s@]*(?:@[^/?#\s@]*)*(?=@)/g
/** Of a text that is nothing but a URL: all that whoever calls it takes for the user, blanks and line ends included. */
const WHOLE_URL = /^(\s*(?:[a-z][a-z\d+.-]*:\/\/|(?:https?|wss?):[/\\]*))([^/\\?#]*)(?=@)/i
/** Of a proxy: up to the last at sign, as a password may hold anything. */
const PROXY_USER = /^(\s*(?:[a-z][a-z\d+.-]*:[/\\]+)?)([^]*)(?=@)/i
const URL_QUERY = /(?<=[?&#]([^=&#\s]+)=)[^&#\s]+/g
/** What is a secret by its looks, wherever it stands. */
const LOOKS = /\bsk-[\w-]{8,4096}|\b(?:xai|pplx|nvapi|glpat)-[\w-]{16,4096}|\b(?:gsk|hf|r8|sk_live)_\w{16,4096}|\bAKIA[A-Z0-9]{16}\b|\bAIza[\w-]{20,4096}|\bgh[pousr]_\w{20,4096}|\bgithub_pat_\w{20,4096}|\bxox[abeprs]-[\w-]{8,4096}|\beyJ[\w-]{8,4096}\.[\w-]{1,8192}\.[\w-]{0,4096}/g
const BEARER = /(\bbearer\s{1,8})([^\s$*][^\s$]*)/gi

/**
 * Masks what is secret of a text.
 * @param take gets each part that is masked, in their order
 * @returns the text with the mask in their place; references stay
 */
export function maskText (text: string, place: Place, take: (secret: string) => void = () => {}): string {
  const mask = (secret: string): string => literal(secret, take)
  if (place === 'secret' || place === 'keys' || place === 'headers') return mask(text)
  const user = (_all: string, scheme: string, secret: string): string => scheme + mask(secret)
  const shown = text
    // Without an at sign the search for one would begin at every blank.
    .replace(place === 'proxy' && text.includes('@') ? PROXY_USER : WHOLE_URL, user)
    .replace(URL_USER, mask)
    .replace(URL_QUERY, (value: string, name: string) => placeOf(decoded(name), 'open') === 'secret' ? mask(value) : value)
  return shown.replace(BEARER, user).replace(LOOKS, mask)
}

/** Masks what is no reference of a text that is secret; the scheme before a credential is none. */
function literal (text: string, take: (secret: string) => void): string {
  let shown = ''
  let at = 0
  let secret = ''
  const flush = (): void => {
    // What was masked by another rule is masked.
    if (/^[\s:]*$/.test(secret) || SCHEME.test(secret) || secret === MASK) shown += secret
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
