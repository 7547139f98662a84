/** How many secrets there are, as people say it. */

const numbers = ['none', 'one', 'two', 'three', 'four']

/** For people, what `secrets` lists for scripts; the newest of them comes first. */
export function withSecretsInWords<Record extends object>(
  record: Record & { readonly secrets?: readonly string[] },
) {
  return record.secrets ? { ...record, secrets: secretsInWords(record.secrets) } : record
}

/** `ends` are those of the secrets that are good: `no end`, or `until` a moment. */
export function secretsInWords(ends: readonly string[]): string | undefined {
  const [newest, ...older] = ends
  if (newest === undefined) return undefined
  const many = numbers[ends.length] ?? String(ends.length)
  const now = newest === 'no end' ? '' : ` ${newest}`
  if (older.length === 0) return `${many},${now || ' in use'}`
  const until = older.map((end) => end.replace(/^until /, '')).join(', ')
  return `${many}${now && `, the newest${now}`}; the older until ${until}`
}
