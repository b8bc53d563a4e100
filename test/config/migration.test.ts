import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type TestApp, readyApp } from '../helper/app.ts'
import { type ClientRequest, KINDS, type Kind, longConversation, mainLoop, picture, taggedAgent } from '../helper/claude-code-requests.ts'

const folder = join(import.meta.dirname, '..', 'fixtures', 'claude-code-router')

/** What the author of a file means: the table of test/fixtures/claude-code-router/README.md. */
interface Meaning {
  everyday: string
  small: string
  think: string
  search: string
  picture: string
  /** From how many tokens on a prompt is long, and where it goes then; without it the same as all others. */
  long?: readonly [tokens: number, target: string]
  /** Second choices and further ones. */
  behind?: Partial<Record<'everyday' | 'small' | 'think' | 'search' | 'long', readonly string[]>>
}

const DEEPSEEK = 'deepseek,deepseek-chat'
const REASONER = 'deepseek,deepseek-reasoner'
const OLLAMA = 'ollama,qwen2.5-coder:latest'
const GEMINI = 'openrouter,google/gemini-2.5-pro-preview'

const FILES: Record<string, Meaning> = {
  'readme.json': { everyday: DEEPSEEK, small: OLLAMA, think: REASONER, search: 'gemini,gemini-2.5-flash', picture: DEEPSEEK, long: [60_000, GEMINI] },
  'minimal.json': { everyday: DEEPSEEK, small: DEEPSEEK, think: DEEPSEEK, search: DEEPSEEK, picture: DEEPSEEK },
  'fallback.json': {
    everyday: DEEPSEEK,
    small: OLLAMA,
    think: REASONER,
    search: GEMINI,
    picture: DEEPSEEK,
    long: [100_000, GEMINI],
    behind: {
      everyday: ['aihubmix,Z/glm-4.5', 'openrouter,anthropic/claude-sonnet-4'],
      small: [DEEPSEEK],
      think: ['openrouter,anthropic/claude-3.7-sonnet:thinking'],
      search: [],
      long: ['modelscope,Qwen/Qwen3-Coder-480B-A35B-Instruct']
    }
  },
  'custom-router.json': {
    everyday: 'anthropic,claude-sonnet-4-5-20250929',
    small: 'openai,gpt-5-mini',
    think: 'anthropic,claude-opus-4-1-20250805',
    search: 'anthropic,claude-sonnet-4-5-20250929',
    picture: 'anthropic,claude-sonnet-4-5-20250929',
    long: [150_000, 'openai,gpt-5']
  },
  'web-ui.json': { everyday: 'zai,glm-4.6', small: 'zai,glm-4.5-air', think: 'zai,glm-4.6', search: 'openrouter,google/gemini-2.5-flash', picture: 'zai,glm-4.5v', long: [120_000, 'openrouter,anthropic/claude-sonnet-4.5'] },
  'variables.json': { everyday: 'gemini,gemini-2.5-pro', small: 'gemini,gemini-2.5-flash', think: 'azure,o4-mini', search: 'gemini,gemini-2.5-flash', picture: 'gemini,gemini-2.5-pro' },
  'per-model.json': {
    everyday: 'siliconflow,moonshotai/Kimi-K2-Instruct-0905',
    small: 'siliconflow,zai-org/GLM-4.5',
    think: 'siliconflow,deepseek-ai/DeepSeek-R1',
    search: 'siliconflow,moonshotai/Kimi-K2-Instruct-0905',
    picture: 'siliconflow,moonshotai/Kimi-K2-Instruct-0905',
    long: [48_000, 'siliconflow,deepseek-ai/DeepSeek-V3.1']
  },
  'own-transformer.json': { everyday: 'acme,acme-large', small: 'acme,acme-small', think: 'elsewhere,large-thinker', search: 'acme,acme-large', picture: 'acme,acme-large' },
  'local.json': {
    everyday: 'vllm,Qwen/Qwen3-Coder-30B-A3B-Instruct',
    small: 'lmstudio,qwen/qwen3-8b',
    think: 'lmstudio,openai/gpt-oss-20b',
    search: 'vllm,Qwen/Qwen3-Coder-30B-A3B-Instruct',
    picture: 'vllm,Qwen/Qwen3-Coder-30B-A3B-Instruct',
    long: [32_000, 'llamacpp,glm-4.5-air']
  },
  'fast-hosts.json': {
    everyday: 'cerebras,qwen-3-coder-480b',
    small: 'groq,llama-3.3-70b-versatile',
    think: 'moonshot,kimi-k2-thinking',
    search: 'groq,openai/gpt-oss-120b',
    picture: 'siliconflow,Qwen/Qwen3-VL-235B-A22B-Instruct',
    long: [100_000, 'moonshot,kimi-k2-turbo-preview']
  }
}

/** Which request is what, and where we differ from claude-code-router on purpose. */
const GROUPS: readonly { part: 'everyday' | 'small' | 'think' | 'search' | 'picture', what: string, kinds: readonly Kind[] }[] = [
  { part: 'everyday', what: 'everyday requests', kinds: ['main loop without thinking', 'subagent of an unknown model', 'count by a request'] },
  {
    part: 'everyday',
    what: 'plain adaptive thinking is everyday work (there it is `think`)',
    kinds: ['main loop', 'main loop, Sonnet 5', 'main loop, Fable', 'main loop, unknown model', 'main loop, unknown target', 'main loop at effort low', 'tool loop', 'compaction', 'PDF']
  },
  { part: 'everyday', what: 'so are agents that must not think (there they are `think`)', kinds: ['Plan subagent', 'general-purpose subagent'] },
  { part: 'small', what: 'a haiku is a small job', kinds: ['Explore subagent', 'main loop, Haiku 4.5'] },
  { part: 'small', what: 'so is the title of a session (there it is `think`)', kinds: ['title'] },
  { part: 'think', what: 'thinking', kinds: ['main loop, Sonnet 4.5', 'main loop at effort xhigh', 'ultrathink', 'ultrathink, older model'] },
  { part: 'search', what: 'a web search', kinds: ['inner web search'] },
  { part: 'picture', what: 'a picture in the result of a tool (there it is text)', kinds: ['picture in the result of a tool'] }
]

const VARIABLES = { CCR_API_KEY: 'canary-gateway-key', GEMINI_API_KEY: 'canary-gemini-key', AZURE_RESOURCE: 'our-team', AZURE_API_KEY: 'canary-azure-key', CCR_USER: 'user-7' }

interface Explained {
  rule: string
  reason: string
  rules: { rule: string, matched: boolean, why: string, targets: string[] }[]
  targets: { target: string, tokens: number, capabilities: object, lanes: { key: number, breaker: string }[] }[]
  overflow: string[]
  adjusted?: string[]
  dropped?: string[]
  upstream?: { url: string, headers: Record<string, string>, body: Record<string, unknown> }
  refused?: { type: string, message: string }
}

/** What must not be seen anywhere. Some servers' keys are a name, or too short to be looked for. */
function secretsOf ({ app }: Pick<TestApp, 'app'>): string[] {
  const { providers, keys } = app.config.current
  const own = [...providers.values()].flatMap(targets => [...targets.values()]).flatMap(({ provider }) => provider.apiKeys)
  return [...own, ...keys.map(({ secret }) => secret), 'client-canary-token'].filter(secret => secret.length >= 6 && !providers.has(secret))
}

async function explain (t: Test, started: Pick<TestApp, 'app'>, { headers, body }: ClientRequest): Promise<Explained> {
  const { app } = started
  const [key] = app.config.current.keys
  const reply = await app.inject({ method: 'POST', url: '/api/route', headers: key === undefined ? {} : { 'x-api-key': key.secret }, payload: { request: body, headers } })
  t.equal(reply.statusCode, 200, reply.body.slice(0, 300))
  t.same(secretsOf(started).filter(secret => reply.body.includes(secret)), [], 'no secret is told')
  const explained = reply.json<Explained>()
  const { rules, rule, targets, reason } = explained
  t.same(rules.map(({ rule }) => rule), app.config.current.router.rules.map(({ name }) => name), 'every rule is listed, once')
  t.equal(new Set(rules.map(({ rule }) => rule)).size, rules.length)
  const first = rules.find(({ matched }) => matched)
  t.ok(first?.rule === rule ? first.why === reason : reason.endsWith(`, whom ${first?.rule} chose`), `${rule}, and no other, decides: ${reason}`)
  t.same(rules.filter(({ why, matched, targets }) => why === '' || matched === (targets.length === 0)), [], 'each says why')
  t.same(targets.filter(({ lanes, tokens }) => lanes.length === 0 || !(tokens > 0) || lanes.some(({ breaker, key }) => breaker !== 'closed' || !(key > 0))), [], 'each target has its lanes')
  return explained
}

const names = ({ targets }: Explained): string[] => targets.map(({ target }) => target)

t.test('every file and every kind of request has its expectation', async t => {
  t.same((await readdir(folder)).filter(name => name.endsWith('.json')), Object.keys(FILES).sort())
  t.same(GROUPS.flatMap(({ kinds }) => kinds).sort(), Object.keys(KINDS).sort())
})

for (const [file, meaning] of Object.entries(FILES)) {
  t.test(file, async t => {
    const started = await readyApp(t, { env: { CONFIG_PATH: join(folder, file), ...(file === 'variables.json' && VARIABLES) } })
    const { app, log } = started

    for (const { part, what, kinds } of GROUPS) {
      await t.test(what, async t => {
        for (const kind of kinds) {
          const explained = await explain(t, started, KINDS[kind]())
          const [first, ...behind] = names(explained)
          t.equal(first, meaning[part], `${kind}: ${explained.reason}`)
          if (part !== 'picture') t.same(behind, meaning.behind?.[part] ?? [], `behind ${kind}`)
          // A target that cannot read a PDF says so; the next one gets it.
          if (explained.refused === undefined) t.match(explained.upstream, { url: /^https?:/, headers: { 'content-type': 'application/json' }, body: Object })
          else t.match([kind, explained.refused], ['PDF', { type: 'invalid_request_error' }])
        }
      })
    }

    await t.test('long prompts', async t => {
      const [tokens, target] = meaning.long ?? [60_000, meaning.everyday]
      const least = 19_000
      const above = await explain(t, started, longConversation(tokens * 1.1 - least))
      t.same(names(above), [target, ...meaning.behind?.[meaning.long === undefined ? 'everyday' : 'long'] ?? []], above.reason)
      const below = await explain(t, started, longConversation(tokens * 0.85 - least))
      t.equal(names(below)[0], meaning.everyday, below.reason)
    })

    await t.test('a screenshot of 300 KB is not long (there it is)', async t => {
      const explained = await explain(t, started, picture(225_000))
      t.equal(explained.rules.find(({ rule }) => rule === 'longContext')?.matched, false)
    })

    await t.test('a tag in any block of the prompt names an agent\'s model (there only in the second)', async t => {
      const explained = await explain(t, started, taggedAgent(meaning.think))
      t.match([explained.rule, names(explained)[0]], ['subagent', meaning.think])
      t.notMatch(JSON.stringify(explained.upstream), /CCR-SUBAGENT/)
    })

    await t.test('provider,model is a target by name; a provider\'s name alone is none (there it is an error)', async t => {
      const explained = await explain(t, started, mainLoop({ model: meaning.small }))
      t.match([explained.rule, names(explained)[0]], ['explicit', meaning.small])
      const [provider = ''] = meaning.small.split(',')
      t.equal(names(await explain(t, started, mainLoop({ model: provider })))[0], meaning.everyday)
    })

    await t.test('no secret is told of the providers, or logged', async t => {
      const [key] = app.config.current.keys
      const reply = await app.inject({ url: '/api/providers', headers: key === undefined ? {} : { 'x-api-key': key.secret } })
      t.equal(reply.json<{ providers: object[] }>().providers.length, app.config.current.providers.size)
      const secrets = secretsOf(started)
      t.ok(secrets.length > 0)
      t.same(secrets.filter(secret => reply.body.includes(secret) || JSON.stringify(log).includes(secret)), [])
    })
  })
}

t.test('custom-router.json: words of the user pick the model, and the instructions are its own', async t => {
  const started = await readyApp(t, { env: { CONFIG_PATH: join(folder, 'custom-router.json') } })
  const words = await explain(t, started, mainLoop({ prompt: 'Please explain this code.' }))
  t.match([words.rule, names(words)], ['custom', ['openai,gpt-5']])
  const huge = await explain(t, started, longConversation(300_000))
  t.match([huge.rule, names(huge)], ['custom', ['openai,gpt-5']], 'by tokenCount, and the configuration that it gets')
  const own = await explain(t, started, mainLoop())
  t.match(own.adjusted, ['system prompt replaced'])
  t.match(own.upstream?.body['system'], [{}, {}, { text: /^You are a careful senior engineer\.[^]*# Environment/ }])
  const agent = await explain(t, started, KINDS['Plan subagent']())
  t.same(agent.adjusted, [])
  t.notMatch(JSON.stringify(agent.upstream), /careful senior engineer/)
})

t.test('what the files say of transformers and variables is in the request', async t => {
  const sent = async (file: string, request: ClientRequest, env = {}): Promise<Explained['upstream']> => (await explain(t, await readyApp(t, { env: { CONFIG_PATH: join(folder, file), ...env } }), request)).upstream
  t.match(await sent('variables.json', mainLoop({ effort: 'max' }), VARIABLES), { url: 'https://our-team.openai.azure.com/openai/v1/chat/completions', headers: { 'api-key': '[key]' }, body: { model: 'o4-mini', user: 'user-7', max_completion_tokens: 64000 } })
  t.match(await sent('variables.json', mainLoop(), VARIABLES), { url: /gemini-2\.5-pro:streamGenerateContent/, headers: { 'x-goog-api-key': '[key]' } })
  t.match(await sent('per-model.json', mainLoop({ model: 'claude-haiku-4-5' })), { body: { model: 'zai-org/GLM-4.5', temperature: 0.6, top_p: 0.95, enable_thinking: false } })
  t.match(await sent('own-transformer.json', mainLoop()), { headers: { 'x-acme-project': 'team-a' }, body: { tier: 'fast' } })
  t.match(await sent('readme.json', mainLoop()), { url: 'https://api.deepseek.com/chat/completions', body: { model: 'deepseek-chat' } })
})
