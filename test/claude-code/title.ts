import Anthropic from '@anthropic-ai/sdk'

const BETAS = ['claude-code-20250219', 'interleaved-thinking-2025-05-14', 'redact-thinking-2026-02-12', 'thinking-token-count-2026-05-13', 'context-management-2025-06-27', 'prompt-caching-scope-2026-01-05', 'mid-conversation-system-2026-04-07', 'effort-2025-11-24', 'structured-outputs-2025-12-15']

const SESSION = '11111111-2222-4333-8444-555555555555'

/**
 * Asks for the title of a session, as only the interactive Claude Code does, which a test cannot drive.
 * @returns the text of the answer
 */
export async function askTitle (gateway: string, text: string): Promise<string> {
  const client = new Anthropic({ baseURL: gateway, apiKey: 'test', maxRetries: 0 })
  return client.beta.messages.stream({
    model: 'claude-opus-4-8',
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197.abc; cc_entrypoint=cli;' },
      { type: 'text', text: 'You are Claude Code, Anthropic\'s official CLI for Claude.' },
      { type: 'text', text: 'Give the session a title of a few words.' }
    ],
    tools: [],
    metadata: { user_id: JSON.stringify({ device_id: 'a'.repeat(64), account_uuid: '', session_id: SESSION }) },
    max_tokens: 64000,
    thinking: { type: 'disabled' },
    output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'object', properties: { title: { type: 'string' } }, required: ['title'], additionalProperties: false } } },
    betas: BETAS
  }, { headers: { 'x-app': 'cli', 'x-claude-code-session-id': SESSION } }).finalText()
}
