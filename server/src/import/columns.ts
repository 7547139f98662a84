/** The columns of each kind of file, and how the operator's own names are mapped to them. */

export const columnsOf = {
  tokens: [
    'token',
    'digest',
    'digest_kind',
    'dialect',
    'client',
    'user',
    'organization',
    'authorization',
    'scopes',
    'kind',
    'status',
    'created',
    'expires',
    'last_used',
  ],
  users: [
    'id',
    'username',
    'email',
    'name',
    'password_hash',
    'language',
    'region',
    'organizations',
    'admin_of',
  ],
  organizations: ['id', 'name', 'region', 'api_domain', 'allowed_addresses'],
} as const

export type FileKind = keyof typeof columnsOf

/** One row, by our names; a column that is absent or empty is not there. */
export type Values = Readonly<Record<string, string | undefined>>

/** What stops a whole import before its first row. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
}

/** Theirs → ours; `undefined`: left out on purpose (`--map notes=-`). */
export type ColumnMap = ReadonlyMap<string, string | undefined>

/** Reads `--map theirs=ours`. */
export function columnMap(mappings: readonly string[], kind: FileKind): ColumnMap {
  const known: readonly string[] = columnsOf[kind]
  const map = new Map<string, string | undefined>(known.map((column) => [column, column]))
  for (const mapping of mappings) {
    const at = mapping.lastIndexOf('=')
    const ours = mapping.slice(at + 1)
    if (at < 1 || !(ours === '-' || known.includes(ours))) {
      throw new ImportError(
        `--map ${mapping}: write theirs=ours, where ours is one of ${known.join(', ')}, or - to leave a column out.`,
      )
    }
    map.set(mapping.slice(0, at).trim().toLowerCase(), ours === '-' ? undefined : ours)
  }
  return map
}

/**
 * Our names, in the order of a header. A name that we do not know is never read past: `scope` for `scopes`
 * would import every token without recorded scopes, which is all scopes. In a file without a header it may be
 * a token, so it is repeated only where it looks like a name.
 */
export function hearHeader(
  header: readonly string[],
  map: ColumnMap,
  kind: FileKind,
): readonly (string | undefined)[] {
  const known: readonly string[] = columnsOf[kind]
  const names = header.map((name) => name.trim())
  const wrong = names.flatMap((name, at) => (map.has(name.toLowerCase()) ? [] : [shownName(name, at, names)]))
  if (wrong.length > 0) {
    throw new ImportError(
      `Line 1, the header, has ${wrong.length === 1 ? 'a column' : 'columns'} that nobody knows: ` +
        `${wrong.join(', ')}. Known are ${known.join(', ')}; ` +
        'map another name with --map theirs=ours, or leave the column out with --map theirs=-.',
    )
  }
  const columns = names.map((name) => map.get(name.toLowerCase()))
  const twice = columns.find((column, at) => column !== undefined && columns.indexOf(column) !== at)
  if (twice !== undefined) throw new ImportError(`Two columns of the header are ${twice}.`)
  checkNeeded(columns, kind)
  return columns
}

/** A name of letters alone is no token; anything else is told by its place. */
const shownName = (name: string, at: number, { length }: readonly string[]): string =>
  length > 1 && /^[a-z][a-z_ -]{0,31}$/i.test(name) ? `"${name}"` : `number ${at + 1}`

function checkNeeded(columns: readonly (string | undefined)[], kind: FileKind): void {
  const needed: Readonly<Record<FileKind, readonly (readonly string[])[]>> = {
    tokens: [['token', 'digest']],
    users: [['id'], ['username']],
    organizations: [['id'], ['name']],
  }
  for (const either of needed[kind]) {
    if (!either.some((column) => columns.includes(column))) {
      throw new ImportError(`The header has no column ${either.join(' or ')}.`)
    }
  }
}
