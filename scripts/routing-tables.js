const KINDS = { text: 'text', number: 'number', flag: '`true` or `false`' }

/** The rules in their order (src/routing/rules.ts) as Markdown. */
export function ruleTable (rules) {
  return table(['#', 'rule', 'set by', 'fires when'], rules.map(({ name, key, fires }, i) => [i + 1, `\`${name}\``, key.startsWith('Router.') ? `\`${key}\`` : key, fires]))
}

/** What conditions may ask for (src/routing/condition-traits.ts) as Markdown. */
export function traitTable (traits) {
  return table(['trait', 'is', 'about'], Object.entries(traits).map(([name, { kind, about }]) => [`\`${name}\``, KINDS[kind], about]))
}

function table (head, rows) {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
