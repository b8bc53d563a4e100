import t from 'tap'
import { subagentTag, withoutSubagentTag } from '../../src/message/subagent-tag.ts'
import type { TextBlock } from '../../src/wire/anthropic.ts'

const block = (text: string, rest: Partial<TextBlock> = {}): TextBlock => ({ type: 'text', text, ...rest })
const tag = (inside: string): string => `<CCR-SUBAGENT-MODEL>${inside}</CCR-SUBAGENT-MODEL>`
const attribution = block('x-anthropic-billing-header: cc_version=2.1.197.e0b; cc_entrypoint=sdk-cli; cc_is_subagent=true;')
const identity = block("You are a Claude agent, built on Anthropic's Claude Agent SDK.", { cache_control: { type: 'ephemeral' } })

t.test('it is read from whatever block it stands in', async t => {
  // As Claude Code 2.1.197 sends the prompt of a custom agent.
  t.equal(subagentTag([attribution, identity, block(`${tag('openrouter,anthropic/claude-sonnet-4.5')}\nYou are a reviewer.\n\nNotes:\n- …`)]), 'openrouter,anthropic/claude-sonnet-4.5')
  t.equal(subagentTag([identity, block(tag('a,b'))]), 'a,b')
  t.equal(subagentTag(`You are a reviewer. ${tag('a,b')}`), 'a,b')
  t.equal(subagentTag(tag('\n  vllm,Qwen/Qwen3:8b \n')), 'vllm,Qwen/Qwen3:8b')
  t.equal(subagentTag([block(tag('a,b,c')), block(tag('d,e'))]), 'a,b,c')
})

t.test('there is none, or none that names a target', async t => {
  t.equal(subagentTag(undefined), undefined)
  t.equal(subagentTag(''), undefined)
  t.equal(subagentTag([]), undefined)
  t.equal(subagentTag([attribution, identity]), undefined)
  t.equal(subagentTag('<CCR-SUBAGENT-MODEL>a,b'), undefined)
  t.equal(subagentTag('a,b</CCR-SUBAGENT-MODEL> <CCR-SUBAGENT-MODEL>'), undefined)
  for (const inside of ['', ' ', 'sonnet', ',model', 'provider,']) t.equal(subagentTag(tag(inside)), undefined, inside)
})

t.test('it does not reach the model', async t => {
  const marked = block(`${tag('a,b')}\nYou are a reviewer.${tag('c')}`, { cache_control: { type: 'ephemeral' } })
  t.strictSame(withoutSubagentTag([attribution, marked, identity]), [attribution, block('\nYou are a reviewer.', { cache_control: { type: 'ephemeral' } }), identity])
  t.equal(withoutSubagentTag(`${tag('a,b')}You review.`), 'You review.')
  t.equal(withoutSubagentTag(`One ${tag('a,b')}two ${tag('c,d')}three`), 'One two three')
})

t.test('a block of nothing else goes with it', async t => {
  t.strictSame(withoutSubagentTag([block(` ${tag('a,b')}\n`), identity]), [identity])
  t.equal(withoutSubagentTag(tag('a,b')), '')
})

t.test('without a tag it is the very same, and the one given is not changed', async t => {
  const plain = [attribution, identity, block('Speak of <CCR-SUBAGENT-MODEL> to nobody.')]
  t.equal(withoutSubagentTag(plain), plain)
  t.equal(withoutSubagentTag('You review.'), 'You review.')
  t.equal(withoutSubagentTag(undefined), undefined)
  const given = [identity, block(tag('a,b'))]
  const copy = structuredClone(given)
  const rest = withoutSubagentTag(given)
  t.strictSame(given, copy)
  t.equal(rest[0], identity)
})

t.test('an opening or closing one alone takes nothing with it', async t => {
  const alone = 'Begin prompts with <CCR-SUBAGENT-MODEL>. They end with </CCR-SUBAGENT-MODEL '
  t.equal(withoutSubagentTag(`${alone} ${tag('a,b')} end`), `${alone}  end`)
  t.equal(subagentTag(`${alone} ${tag('a,b')}`), 'a,b')
  t.equal(subagentTag(`</CCR-SUBAGENT-MODEL> ${tag('a,b')}`), 'a,b')
})
