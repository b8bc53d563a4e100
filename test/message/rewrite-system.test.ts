import t from 'tap'
import { rewriteSystem } from '../../src/message/rewrite-system.ts'
import type { TextBlock } from '../../src/wire/anthropic.ts'

const block = (text: string, rest: Partial<TextBlock> = {}): TextBlock => ({ type: 'text', text, ...rest })
const marked = { cache_control: { type: 'ephemeral' as const } }
const attribution = block('x-anthropic-billing-header: cc_version=2.1.197.e0b; cc_entrypoint=sdk-cli;')
const identity = block('You are Claude Code.', marked)
const env = '<env>\nWorking directory: /work\n</env>\nYou are powered by the model named Opus 4.8.'

t.test('what stands before <env> is replaced, the rest and the cache mark stay', async t => {
  const instructions = block(`You are an interactive agent.\n\nHere is useful information:\n${env}`, marked)
  const given = [attribution, identity, instructions, block('More.')]
  const copy = structuredClone(given)
  const rewritten = rewriteSystem(given, 'Speak like a pirate.\n')
  t.strictSame(rewritten, [attribution, identity, block(`Speak like a pirate.\n${env}`, marked), block('More.')])
  t.equal(rewritten[1], identity)
  t.strictSame(given, copy)
})

t.test('the form of older Claude Code: it is the second block', async t => {
  t.strictSame(rewriteSystem([identity, block(`Instructions\n${env}`)], 'Mine '), [identity, block(`Mine ${env}`)])
})

t.test('only the first block with the mark, and from its last one on', async t => {
  const given = [block(`Facts are in <env>.\n${env}`), block(`Other ${env}`)]
  t.strictSame(rewriteSystem(given, 'Mine '), [block(`Mine ${env}`), block(`Other ${env}`)])
  t.strictSame(rewriteSystem([block(`${attribution.text} <env>`), block(`A ${env}`)], ''), [block(`${attribution.text} <env>`), block(env)])
})

t.test('the main loop of Claude Code 2.1.197 has a heading in its place', async t => {
  const facts = '# Environment\nYou have been invoked in the following environment: \n - Primary working directory: /work\n'
  const given = [attribution, identity, block(`You are an interactive agent.\n\n${facts}`, marked)]
  t.strictSame(rewriteSystem(given, 'Mine.\n\n'), [attribution, identity, block(`Mine.\n\n${facts}`, marked)])
})

t.test('without the mark it is the very same', async t => {
  const given = [attribution, identity, block('You are an interactive agent.', marked)]
  t.equal(rewriteSystem(given, 'Mine'), given)
  t.equal(rewriteSystem(undefined, 'Mine'), undefined)
  t.equal(rewriteSystem(`You review. ${env}`, 'Mine'), `You review. ${env}`)
})
