import { imageSize } from 'image-size'
import type { MediaSource } from '../wire/anthropic.ts'
import { Fingerprint, TokenMemo } from './token-memo.ts'

/** Anthropic's rule (https://docs.claude.com/en/docs/build-with-claude/vision): what is larger is scaled down first. */
const PIXELS_PER_TOKEN = 750
const LONGEST_EDGE = 1568
const MOST_TOKENS = 1600

/** How the base64 of a PNG, a JPEG, a GIF and a WebP begins. Nothing else is handed to a reader of pictures. */
const JPEG = '/9j/'
const BEGINNINGS = ['iVBORw0KGgo', JPEG, 'R0lGOD', 'UklGR']
/** The size stands in the first hundred bytes, but of a JPEG behind its EXIF block. In characters of base64. */
const PREFIX = 256
const PREFIXES = [PREFIX, 4096, 65_536, 256 * 1024 / 3 * 4 & ~3]

/**
 * A PDF costs its text and a picture per page (https://docs.claude.com/en/docs/build-with-claude/pdf-support: 1,500 to
 * 3,000 a page). Its pages can only be guessed at without unpacking it: one per 50 KB, at most the hundred that are allowed.
 */
const PAGE_TOKENS = 2250
const PAGE_LENGTH = 50_000 * 4 / 3
const MOST_PAGES = 100

const memo = new TokenMemo(1000)

/** About how many tokens a picture has, by its pixels; the most that one can have, where they are not known. */
export function imageTokens (source: MediaSource): number {
  if (source.type !== 'base64') return MOST_TOKENS
  const { data } = source
  return memo.tokens(new Fingerprint().addText(data).value, () => tokensOfPixels(dimensions(data)))
}

/** About how many tokens a PDF has, by its size; one page, where that is not known. */
export function pdfTokens (source: MediaSource): number {
  if (source.type !== 'base64') return PAGE_TOKENS
  const pages = Math.ceil(source.data.length / PAGE_LENGTH)
  return Math.min(Math.max(pages, 1), MOST_PAGES) * PAGE_TOKENS
}

interface Dimensions { width: number, height: number }

function tokensOfPixels (size: Dimensions | undefined): number {
  if (size === undefined || !(size.width > 0 && size.height > 0)) return MOST_TOKENS
  const scale = Math.min(1, LONGEST_EDGE / Math.max(size.width, size.height))
  return Math.min(Math.ceil(size.width * scale * size.height * scale / PIXELS_PER_TOKEN), MOST_TOKENS)
}

/** Reads no more of a picture than its size takes. */
function dimensions (data: string): Dimensions | undefined {
  const beginning = BEGINNINGS.find(beginning => data.startsWith(beginning))
  if (beginning === undefined) return undefined
  if (beginning !== JPEG) return sizeOf(Buffer.from(data.slice(0, PREFIX), 'base64'))
  for (const length of PREFIXES) {
    const bytes = Buffer.from(data.slice(0, length), 'base64')
    const size = isChain(bytes) ? sizeOf(bytes) : undefined
    if (size !== undefined || length >= data.length) return size
  }
  return undefined
}

/**
 * Whether the segments of a JPEG follow one another, as far as it is here. Where they do not, the reader would go on byte
 * by byte: 30 ms for 256 KB of anything.
 */
function isChain (bytes: Buffer): boolean {
  for (let at = 2; at + 4 <= bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at] !== 0xff) return false
    // The size, and behind it the picture itself.
    if (bytes[at + 1]! >= 0xc0 && bytes[at + 1]! <= 0xc2) return true
  }
  return true
}

/**
 * The reader throws where a header is cut short, as it does where it is garbage. It looks behind what it is given, at whatever lies
 * there: so that is memory of its own.
 */
function sizeOf (bytes: Uint8Array): Dimensions | undefined {
  try {
    return imageSize(new Uint8Array(bytes))
  } catch {
    return undefined
  }
}
