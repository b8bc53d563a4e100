const WORDS = 'when the user asks you to change a file, read it first; then edit only what is needed — never more than that — and run the tests before you say that it works. Use `absolute` paths and "exact" strings'.split(' ')
const LINES = [
  'export function decide (traits, config) {',
  '  const found = config.rules.find(rule => rule.when(traits)) // the first one counts',
  "  if (found === undefined) throw new TypeError('no rule for \"' + traits.model + '\"')",
  '  return { ...found, at: "\\n" + performance.now() }',
  '}',
  '',
  '  ✓ decides by the first rule that applies (3 ms)',
  '\tat Module._compile (node:internal/modules/cjs/loader:1554:14)'
]

/** Text of at least so many characters; another seed gives another text. */
export function prose (length, seed) {
  let text = ''
  for (let i = seed; text.length < length; i++) text += WORDS[(i * 7 + (i >> 4)) % WORDS.length] + (i % 23 === 22 ? '\n' : ' ')
  return text
}

/** What a tool gives back: numbered lines of code, full of what JSON must escape. */
export function code (length, seed) {
  let text = ''
  for (let i = 1; text.length < length; i++) text += `${String(i).padStart(6)}→${LINES[(i * 5 + seed) % LINES.length]}\n`
  return text
}
