import { PNG } from './media.ts'
import { type Act, type Screenplay, call, reply, say } from './model.ts'

/** One prompt of a day's work, in a session that goes on from each to the next. */
export interface Step {
  prompt: string
  /** Whether it begins a session. */
  begins?: true
  /** What the models do before they answer. */
  acts?: Act[]
  answer: string
  /** The models that are asked, in order. */
  asked: string[]
  /** As Claude Code is told it; one of no tier where it is left out. */
  model?: string
  args?: string[]
  env?: NodeJS.ProcessEnv
  /** Written before Claude Code starts. */
  files?: Record<string, string | Buffer>
}

export const TAG = 'CCR-SUBAGENT-MODEL'

/** A custom agent, whose prompt begins with the tag that names its model. */
function agentFile (name: string, target: string): Record<string, string> {
  const lines = ['---', `name: ${name}`, `description: The ${name} of the team`, 'tools: Bash', '---', '', `<${TAG}>${target}</${TAG}>`, `You are the ${name}.`, '']
  return { [`.claude/agents/${name}.md`]: lines.join('\n') }
}

function bash (id: string, word: string): Act {
  return call(id, 'Bash', { command: `echo ${word}`, description: 'Print' })
}

function agent (id: string, type: string, prompt: string): Act {
  return call(id, 'Agent', { description: 'A part of the work', prompt, subagent_type: type })
}

/** As much as Claude Code reads of a file at once, more or less. */
const LONG = Array.from({ length: 1000 }, (_, i) => `Line ${i}: the quick brown fox jumps over the lazy dog, again.`).join('\n')

const SETTINGS = '.claude/settings.json'

/** From the simplest to what stays: a conversation that is long remains so. */
export const DAY: Step[] = [
  {
    prompt: 'As an object.',
    begins: true,
    args: ['--json-schema', '{"type":"object","properties":{"sum":{"type":"number"}},"required":["sum"]}'],
    acts: [call('call_0', 'StructuredOutput', { sum: 42 })],
    // The call is the answer, and nothing is asked behind it.
    answer: '{"sum":42}',
    asked: ['structured']
  },
  { prompt: 'Begin the day.', begins: true, acts: [bash('call_1', 'one')], answer: 'Begun.', asked: ['default', 'default'] },
  {
    prompt: 'Have it explored.',
    acts: [agent('call_2', 'Explore', 'Look around, explorer!')],
    answer: 'Explored.',
    asked: ['default', 'background', 'background', 'default']
  },
  { prompt: 'ultrathink about it.', acts: [bash('call_3', 'two'), bash('call_4', 'three')], answer: 'Thought over.', asked: ['think', 'think', 'think'] },
  { prompt: 'Now plainly again.', acts: [bash('call_5', 'four')], answer: 'Plain.', asked: ['default', 'default'] },
  { prompt: 'Try harder.', args: ['--effort', 'xhigh'], answer: 'Tried.', asked: ['think'] },
  {
    prompt: 'Look at the picture.',
    files: { 'red.png': PNG },
    acts: [call('call_6', 'Read', { file_path: 'red.png' }), bash('call_7', 'red')],
    answer: 'It is red.',
    asked: ['default', 'image', 'default']
  },
  {
    prompt: 'Look it up.',
    args: ['--allowedTools', 'WebSearch'],
    acts: [call('call_8', 'WebSearch', { query: 'fastify plugins' })],
    answer: 'Found.',
    asked: ['default', 'search', 'default']
  },
  {
    prompt: 'Ask the team.',
    files: { ...agentFile('tester', 'day,tagged'), ...agentFile('writer', 'native,tagged-native') },
    acts: [agent('call_9', 'tester', 'Test it, tester!'), agent('call_10', 'writer', 'Write it, writer!')],
    answer: 'They agree.',
    asked: ['default', 'tagged', 'tagged', 'default', 'tagged-native', 'tagged-native', 'default']
  },
  { prompt: 'For the blue team.', env: { ANTHROPIC_CUSTOM_HEADERS: 'x-team: blue-1' }, answer: 'Blue.', asked: ['blue'] },
  {
    prompt: 'Cheaply, please.',
    files: { [SETTINGS]: JSON.stringify({ env: { ANTHROPIC_CUSTOM_HEADERS: 'x-router-profile: cheap' } }) },
    acts: [bash('call_12', 'cheap')],
    answer: 'Cheap.',
    asked: ['cheap', 'cheap']
  },
  { prompt: 'By name.', files: { [SETTINGS]: '{}' }, model: 'day,explicit', acts: [bash('call_13', 'named')], answer: 'Named.', asked: ['explicit', 'explicit'] },
  { prompt: 'By opus.', model: 'opus', answer: 'Opus.', asked: ['opus'] },
  { prompt: 'By sonnet.', model: 'sonnet', answer: 'Sonnet.', asked: ['sonnet'] },
  { prompt: 'By haiku.', model: 'haiku', answer: 'Haiku.', asked: ['background'] },
  { prompt: 'Ask the router of my own.', answer: 'Routed.', asked: ['custom'] },
  {
    prompt: 'Read it all.',
    files: { 'long.txt': LONG, 'longer.txt': LONG },
    acts: [call('call_14', 'Read', { file_path: 'long.txt' }), call('call_15', 'Read', { file_path: 'longer.txt' })],
    answer: 'Read.',
    asked: ['default', 'default', 'long']
  },
  {
    prompt: 'Have it explored once more.',
    acts: [agent('call_16', 'Explore', 'Look again, explorer!')],
    answer: 'Good night.',
    asked: ['long', 'background', 'long']
  }
]

const found = reply([{ content: 'There are many.', annotations: [{ type: 'url_citation', url_citation: { url: 'https://fastify.dev/ecosystem', title: 'Ecosystem' } }] }])

export const PLAY: Screenplay = {
  // Before the day itself, which it quotes.
  'The title of:': [say('{"title":"A day of work"}')],
  'As an object.': DAY[0]?.acts ?? [],
  'Begin the day.': DAY.slice(1).flatMap(({ acts = [], answer }) => [...acts, say(answer)]),
  'Look around, explorer!': [bash('call_e', 'here'), say('Nothing there.')],
  'Look again, explorer!': [say('Nothing yet.')],
  'fastify plugins': [found],
  'Test it, tester!': [bash('call_t', 'tested'), say('It works.')],
  'Write it, writer!': [bash('call_w', 'written'), say('It is written.')]
}

/** The rule that leads to each model; no model has two. */
export const RULE_OF: Record<string, string> = {
  default: 'default',
  background: 'background',
  think: 'think',
  image: 'image',
  search: 'webSearch',
  long: 'longContext',
  tagged: 'subagent',
  'tagged-native': 'subagent',
  blue: 'rules.blue',
  structured: 'rules.structured',
  cheap: 'default',
  explicit: 'explicit',
  opus: 'opus',
  sonnet: 'sonnet',
  custom: 'custom'
}

export const ROUTER = {
  default: 'day,default',
  background: 'day,background',
  think: 'day,think',
  image: 'day,image',
  webSearch: 'day,search',
  longContext: 'day,long',
  // The day comes to 27,000 tokens at most, with one of the long files to 36,000, and with both to 53,000.
  longContextThreshold: 44_000,
  opus: 'day,opus',
  sonnet: 'day,sonnet',
  rules: [
    { name: 'blue', when: { header: { 'x-team': 'blue*' } }, use: 'day,blue' },
    { name: 'structured', when: { tool: 'StructuredOutput' }, use: 'day,structured' }
  ],
  profiles: { cheap: { default: 'day,cheap' } }
}

export const ROUTER_FILE = 'module.exports = async ({ body }) => JSON.stringify(body.messages.at(-1)).includes("Ask the router of my own.") ? "day,custom" : null\n'
