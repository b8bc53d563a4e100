import type { CacheControl, ContentBlock, DocumentBlock, ImageBlock, TextBlock } from '../../wire/anthropic.ts'
import type { ChatInputMessage, ChatInputPart } from './body.ts'
import type { Untold } from './untold.ts'

const DATA_URL = /^data:([^;,]+)(?:;[^;,]+)*;base64,/
const WEB_URL = /^https?:\/\//i
const FORMS = 'Input should be an http(s) URL or a base64 data URL'

/**
 * The content of a message as blocks. Texts of nothing but blanks, which open models write before their calls, are none: the Messages API
 * refuses them.
 * @param path where the message stands, e.g. `messages.0`
 */
export function decodeContent (content: ChatInputMessage['content'], path: string, untold: Untold): ContentBlock[] {
  if (!content) return []
  if (typeof content === 'string') return isBlank(content) ? [] : [{ type: 'text', text: content }]
  return content.flatMap((part, i) => decodePart(part, `${path}.content.${i}`, untold)).filter(block => block.type !== 'text' || !isBlank(block.text))
}

/** Whether a text holds no word. */
export function isBlank (text: string): boolean {
  return text.trim() === ''
}

/** The same where only texts are legal: in what the system says. */
export function decodeTexts (content: ChatInputMessage['content'], path: string, untold: Untold): TextBlock[] {
  return decodeContent(content, path, untold).filter(block => block.type === 'text')
}

function decodePart (part: ChatInputPart, path: string, untold: Untold): ContentBlock[] {
  const mark = part.cache_control ? { cache_control: part.cache_control } : {}
  switch (part.type) {
    case 'text': return [{ type: 'text', text: part.text ?? '', ...mark }]
    case 'refusal': return [{ type: 'text', text: part.refusal ?? '' }]
    case 'image_url': return decodeImage(part.image_url, `${path}.image_url`, untold).map(block => ({ ...block, ...mark }))
    case 'file': return decodeFile(part.file ?? {}, `${path}.file`, mark, untold)
    default:
      untold.refuse(path, `the provider that this request goes to takes no ${part.type}`)
      return []
  }
}

/** A server may know other forms: vLLM reads `file:` URLs (https://docs.vllm.ai/en/latest/features/multimodal_inputs.html). */
function decodeImage (image: ChatInputPart['image_url'], path: string, untold: Untold): ImageBlock[] {
  const [url, place] = typeof image === 'string' ? [image, path] : [image?.url ?? '', `${path}.url`]
  const [whole, type] = DATA_URL.exec(url) ?? []
  if (whole !== undefined && type !== undefined) return [imageOf(type, url.slice(whole.length))]
  if (WEB_URL.test(url)) return [{ type: 'image', source: { type: 'url', url } }]
  untold.refuse(place, FORMS)
  return []
}

/** A file given by its content, by OpenRouter's URL, or by an id, which only the server that made it can read. */
function decodeFile ({ filename, file_data: data = '', file_id: id }: NonNullable<ChatInputPart['file']>, path: string, mark: { cache_control?: CacheControl }, untold: Untold): ContentBlock[] {
  const titled = { ...(filename !== undefined && { title: filename }), ...mark }
  if (data === '' && id !== undefined) return [{ type: 'document', source: { type: 'file', file_id: id }, ...titled }]
  if (WEB_URL.test(data)) return [{ type: 'document', source: { type: 'url', url: data }, ...titled }]
  const [whole, type] = DATA_URL.exec(data) ?? []
  if (whole === undefined || type === undefined) {
    untold.refuse(`${path}.file_data`, FORMS)
    return []
  }
  return [ofType(type, data.slice(whole.length), titled)]
}

function ofType (type: string, data: string, titled: Partial<DocumentBlock>): DocumentBlock | ImageBlock {
  if (type.startsWith('image/')) return imageOf(type, data)
  if (type.startsWith('text/')) return { type: 'document', source: { type: 'text', data: Buffer.from(data, 'base64').toString() }, ...titled }
  return { type: 'document', source: { type: 'base64', media_type: type, data }, ...titled }
}

/** `image/jpg` is no type of the registry, and common. */
function imageOf (type: string, data: string): ImageBlock {
  return { type: 'image', source: { type: 'base64', media_type: type.toLowerCase() === 'image/jpg' ? 'image/jpeg' : type.toLowerCase(), data } }
}
