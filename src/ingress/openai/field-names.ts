/** What clients of the chat-completions wire call a field of the Messages API, where it is not the same. */
const NAMES: Readonly<Record<string, string>> = {
  'messages.image': 'messages.image_url',
  metadata: 'user',
  'output_config.effort': 'reasoning_effort',
  'output_config.format': 'response_format',
  stop_sequences: 'stop',
  system: 'messages',
  thinking: 'reasoning_effort',
  'tool_choice.disable_parallel_tool_use': 'parallel_tool_calls'
}

/** Anthropic's types of the one tool that is asked for by a field of its own. */
const WEB_SEARCH = /^tools\.web_search_/

/** Names of fields that are lost, as such clients know them, each once. */
export function chatFields (names: readonly string[]): string[] {
  return [...new Set(names.map(name => WEB_SEARCH.test(name) ? 'web_search_options' : NAMES[name] ?? name))]
}
