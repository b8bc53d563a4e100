import t from 'tap'
import { mergePatch } from '../../../src/config/edit/merge-patch.ts'
import type { JsonValue } from '../../../src/wire/json.ts'

/** The examples of RFC 7396, appendix A: what is there, the patch, and what comes of it. */
const EXAMPLES: [target: string, patch: string, result: string][] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ['{"a":1}', '{"__proto__":{"b":2}}', '{"a":1,"__proto__":{"b":2}}']
]

t.test('patches', async t => {
  for (const [target, patch, result] of EXAMPLES) {
    const given = JSON.parse(target) as JsonValue
    t.equal(JSON.stringify(mergePatch(given, JSON.parse(patch) as JsonValue)), result, `${target} ${patch}`)
    t.equal(JSON.stringify(given), target, 'what was there is not touched')
  }
})
