const WORDS = { text: 'text', integer: 'whole number', number: 'number', flag: '`true` or `false`', texts: 'texts, by commas or as JSON5' }

/**
 * The settings of the configuration's schema (src/config/settings.ts) as Markdown.
 * @param plain those that have a variable of the same name
 */
export function settingsTable (settings, plain) {
  const rows = settings.map(({ path, variable, kind, schema }) => [`\`${path}\``, plain.includes(path) ? `\`${path}\`, \`${variable}\`` : `\`${variable}\``, typeOf(kind, schema), defaultOf(schema), about(schema)])
  return [['setting', 'variable', 'is', 'default', 'about'], ['---', '---', '---', '---', '---'], ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function typeOf (kind, { type, enum: values, pattern, items }) {
  if (values !== undefined) return values.map(value => `\`${value}\``).join(' ')
  if (kind === 'text' && pattern === '^[^,]+,.+$') return '`provider,model`'
  if (kind !== 'json') return WORDS[kind]
  return type !== 'array' ? 'object, as JSON5' : items.pattern === undefined ? 'list of objects, as JSON5' : 'list of `provider,model`, as JSON5'
}

function defaultOf ({ default: value }) {
  return value === undefined ? '' : `\`${value}\``
}

/** Other pages are links. */
function about ({ description = '' }) {
  return description.replace(/docs\/(\w[\w-]*\.md)/g, '[$1]($1)').replaceAll('|', '\\|').replaceAll('<', '\\<')
}
