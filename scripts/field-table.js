const COLUMNS = ['openrouter', 'openai', 'vllm', 'deepseek', 'gemini']

/** The table of request fields (src/wire/request-fields.ts) as Markdown. */
export function fieldTable (fields) {
  const rows = Object.entries(fields).map(([field, fates]) => cells(`\`${field}\``, COLUMNS.map(column => words(fates[column]))))
  return [cells('field', COLUMNS), cells('---', COLUMNS.map(() => '---')), ...rows].join('\n')
}

function cells (first, others) {
  return `| ${[first, ...others].join(' | ')} |`
}

function words (fate) {
  return fate === true ? 'yes' : fate === false ? '–' : fate
}
