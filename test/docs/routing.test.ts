import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import JSON5 from 'json5'
import t from 'tap'
import { FALLBACK_KEYS, failover } from '../../src/config/schema-router.ts'
import { TRAITS } from '../../src/routing/condition-traits.ts'
import { RULES } from '../../src/routing/rules.ts'
import { readyApp } from '../helper/app.ts'

const root = join(import.meta.dirname, '..', '..')
const text = readFileSync(join(root, 'docs', 'routing.md'), 'utf8')

interface Tables { ruleTable (rules: object): string, traitTable (traits: object): string }

t.test('the tables are what the code goes by', async t => {
  const { ruleTable, traitTable } = await import(join(root, 'scripts', 'routing-tables.js')) as Tables
  const hint = 'run `npm run docs` after a change of src/routing/rules.ts or condition-traits.ts'
  t.ok(text.includes(`<!-- rules -->\n${ruleTable(RULES)}\n<!-- end of rules -->`), hint)
  t.ok(text.includes(`<!-- traits -->\n${traitTable(TRAITS)}\n<!-- end of traits -->`), hint)
})

t.test('defaults of failures, and the rules that have fallbacks, are those of the schema', async t => {
  for (const [name, { default: value }] of Object.entries(failover.properties)) t.ok(text.includes(`| \`${name}\` | \`${value}\` |`), name)
  for (const name of FALLBACK_KEYS) t.ok(text.includes(`\`${name}\``), name)
})

t.test('every example of a configuration can be used', async t => {
  const provider = (name: string, ...models: string[]): object => ({ name, api_base_url: `https://${name}.example.com/v1`, models })
  const all = [
    provider('openrouter', 'anthropic/claude-sonnet-4.5', 'z-ai/glm-4.7', 'glm-4.7'),
    provider('gemini', 'gemini-3-pro-preview'),
    provider('deepseek', 'deepseek-flash', 'deepseek-v4-pro'),
    provider('vllm', 'glm-4.7', 'qwen'),
    provider('local', 'qwen3-coder')
  ]
  const examples = [...text.matchAll(/```json\n([^]*?)```/g)].map(([, example = '']) => JSON5.parse<Record<string, unknown>>(`{${example.trim()}}`))
  t.ok(examples.length >= 4)
  for (const example of examples) {
    const { app } = await readyApp(t, { config: { Providers: all, Router: { default: 'openrouter,anthropic/claude-sonnet-4.5', ...('Providers' in example && { default: 'local,llava' }) }, ...example }, env: { ANNS_KEY: 'a', CI_KEY: 'b' } })
    t.ok(app.config.current.router)
  }
})
