import type { ContentBlock, SearchResultBlock, WebSearchToolResultBlock } from '../wire/anthropic.ts'

/** Stands for an image that a model made: the Messages API has no block for it in an answer. */
export const IMAGE_NOTE = '[The model made an image, which the Messages API cannot carry.]'

/** The texts of blocks, one per line; what is no text is left out. */
export function joinTexts (blocks: readonly ContentBlock[]): string {
  return blocks.map(block => block.type === 'text' ? block.text : block.type === 'tool_reference' ? block.tool_name : undefined).filter(text => text !== undefined).join('\n')
}

/** A result of the client's own search, for a wire without such a block. */
export function clientSearchText ({ title, source, content }: SearchResultBlock): string {
  return `Search result: ${title} (${source})\n${joinTexts(content)}`
}

/** What the provider's own search found, for a model that cannot read the block. */
export function webSearchText ({ content }: WebSearchToolResultBlock): string {
  if (!Array.isArray(content)) return 'Web search failed.'
  return `Web search results:\n${content.map(result => `- ${result.title}: ${result.url}`).join('\n')}`
}
