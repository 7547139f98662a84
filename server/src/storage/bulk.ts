/** What writes many rows at a time: number blocks, imports, usage, sweeping. */
import type { ImportedLegacyToken, NumberBlock, Store, Usage } from '../kernel/store.ts'
import type { Database, Statement, Value } from './database.ts'
import { number } from './rows.ts'
import { sweeper } from './sweep.ts'

type Bulk = Pick<
  Store,
  | 'leaseNumbers'
  | 'isLeased'
  | 'closeNumbers'
  | 'importLegacyTokens'
  | 'noteLookupKind'
  | 'noteUsage'
  | 'sweep'
>

/** Rows in one insert: measured best; more buy nothing. */
export const rowsPerInsert = 20

export const bulkOf = (database: Database): Bulk => ({
  async leaseNumbers(count, from = 1) {
    for (;;) {
      // Asked first: a block that was leased of another primary meanwhile is one too many, and is left.
      const primary = primaryOf(database)
      const first = Math.max(await nextNumber(database), from)
      const held = await database.commit([{ sql: leaseSql, values: [first, first + count] }])
      if (held) return { first, count, primary }
    }
  },
  isLeased: (block) => isLeased(database, block),
  async closeNumbers(block) {
    // A primary that took over may lack grants of this block, and they must not be taken for swept ones.
    if (!(await isLeased(database, block))) return
    await database.commit([{ sql: closeSql, values: [block.first, block.first + block.count] }])
  },

  async importLegacyTokens(rows) {
    if (database.load) {
      return database.load({
        table: 'legacy_tokens',
        columns: loadColumns,
        rows: rows.map((row) => [...importValues(row), 'active', 0, 1]),
        alsoAs: rows.map(({ alsoAs }) => alsoAs),
      })
    }
    const statements: Statement[] = []
    for (let at = 0; at < rows.length; at += rowsPerInsert) {
      statements.push(importStatement(rows.slice(at, at + rowsPerInsert)))
    }
    return database.bulk(statements)
  },
  async noteLookupKind({ version, kind }) {
    await database.bulk([
      {
        sql: 'insert into lookup_kinds (version, kind) values ($1, $2) on conflict do nothing',
        values: [version, kind],
      },
    ])
  },

  async noteUsage(usage) {
    const statements = usageStatements(usage)
    if (statements.length > 0) await database.bulk(statements)
  },

  sweep: sweeper(database),
})

const primaryOf = ({ primary }: Database): number => primary?.() ?? 0

async function isLeased(database: Database, { first, count, primary }: NumberBlock): Promise<boolean> {
  const sql = 'select 1 from number_blocks where next_first = $1 and closed_from is null'
  const rows = await database.query(sql, [first + count])
  // By now it is known whose connection that was.
  return rows.length > 0 && primary === primaryOf(database)
}

const leaseSql = `insert into number_blocks (first, next_first, closed_from)
  select $1, $2, null where not exists (select 1 from number_blocks where next_first > $1) returning 1`
const closeSql =
  'update number_blocks set closed_from = $1 where next_first = $2 and closed_from is null returning 1'

async function nextNumber(database: Database): Promise<number> {
  const [row] = await database.query('select coalesce(max(next_first), 1) as next from number_blocks', [])
  return number(row?.next)
}

const importColumns = [
  'lookup', 'client', 'dialect', 'lookup_version', '"authorization"', 'user_id', 'organization_id', 'kind', 'scopes',
  'created', 'expires', 'last_used',
] // biome-ignore format: a table of names reads best in lines

const loadColumns = [
  'lookup',
  'client',
  ...importColumns.slice(2),
  'status',
  'exchange',
  'connection_epoch',
] as const

const importValues = (row: ImportedLegacyToken): Value[] => [
  row.lookup, row.clientId, row.dialect, row.lookupVersion, row.authorization ?? null, row.userId, row.organizationId,
  row.kind, row.scopes?.join(' ') ?? null, row.created ?? null, row.expires ?? null, row.lastUsed ?? null,
] // biome-ignore format: in the order of the columns

// Statements by their shape, each made once.
const importSqls = new Map<string, string>()
const importSqlsMax = 200

/**
 * Handing a value to the engine costs as much as storing it, and rows of one file have most columns in
 * common: a value that all rows of the insert share is handed over once. Measured: half the time of an
 * import's writing.
 */
function importStatement(rows: readonly ImportedLegacyToken[]): Statement {
  const lines = rows.map(importValues)
  const [first = []] = lines
  const values: Value[] = []
  const own: number[] = []
  // Loops, since an import spends its time here: a list for each column would be more than the rows are.
  for (let column = 0; column < first.length; column += 1) {
    const value = first[column] ?? null
    let isShared = true
    for (let at = 1; isShared && at < lines.length; at += 1) isShared = lines[at]?.[column] === value
    if (isShared) values.push(value)
    else own.push(column)
  }
  const hasOthers = rows.some(({ alsoAs }) => alsoAs.length > 0)
  const others = hasOthers ? rows.map(({ alsoAs }) => alsoAs.length) : []
  const shape = `${own.join(' ')}/${lines.length}/${others.join(' ')}`
  let sql = importSqls.get(shape)
  if (sql === undefined) {
    if (importSqls.size >= importSqlsMax) importSqls.clear()
    const shared = first.map((_, column) => !own.includes(column))
    sql = importSql(shared, hasOthers ? others : lines.map(() => 0))
    importSqls.set(shape, sql)
  }
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? []
    for (let place = 0; place < own.length; place += 1) values.push(line[own[place] ?? 0] ?? null)
    if (hasOthers) values.push(...(rows[at]?.alsoAs ?? []))
  }
  return { sql, values }
}

/** Without other look-ups a plain insert; with them, each row goes in only where it stands under none. */
function importSql(shared: readonly boolean[], others: readonly number[]): string {
  const head = `insert into legacy_tokens (${importColumns.join(', ')}, status, exchange, connection_epoch)`
  const tail = 'on conflict do nothing'
  let place = 1
  const next = (): string => `$${place++}`
  const common = shared.map((isShared) => (isShared ? next() : undefined))
  const rows = others.map((count) => ({
    values: [...common.map((value) => value ?? next()), `'active'`, '0', '1'],
    others: Array.from({ length: count }, next),
  }))
  if (rows.every((row) => row.others.length === 0)) {
    return `${head} values ${rows.map(({ values }) => `(${values.join(', ')})`).join(', ')} ${tail}`
  }
  const selects = rows.map(
    ({ values, others: also }) =>
      `select ${values.join(', ')} where not exists (select 1 from legacy_tokens
        where lookup in (${also.join(', ') || 'null'}) and client = ${values[1]})`,
  )
  return `${head} ${selects.join(' union all ')} ${tail}`
}

/** Within an hour is near enough for whoever reads it, and a row that is seen all day is written 24 times. */
const connectionSeenMilliseconds = 3_600_000

/**
 * Several nodes write such batches at once: whoever takes rows in one order, each once, waits for no one in a
 * circle.
 */
const inOrder = <Key extends number | string, Item>(
  items: Iterable<Item>,
  keyOf: (item: Item) => Key,
): readonly Item[] =>
  [...items]
    .map((item) => ({ item, key: keyOf(item) }))
    .sort(({ key: one }, { key: other }) => (one < other ? -1 : Number(one > other)))
    .map(({ item }) => item)

/** Each changes one row by its key: an engine may run many of one text at once. */
const besideOthers = true as const

/** Of one grant, one statement for all that is noted of it. */
const grantStatements = ({ replays, used }: Pick<Usage, 'replays' | 'used'>): Statement[] =>
  inOrder(new Set([...replays.keys(), ...used.keys()]), (grant) => grant).map((grant) => ({
    sql: `update grants set replays = replays + $2, used_at = coalesce(used_at, $3) where number = $1
      and ($2 > 0 or used_at is null)`,
    values: [grant, replays.get(grant) ?? 0, used.get(grant) ?? null],
    besideOthers,
  }))

const usageStatements = ({ legacySeen, connectionsUsed, counts, ...grants }: Usage): Statement[] => [
  ...grantStatements(grants),
  ...inOrder(legacySeen, ({ lookup, clientId }) => `${Buffer.from(lookup).toString('hex')} ${clientId}`).map(
    ({ lookup, clientId, at }) => ({
      sql: `update legacy_tokens set last_used = $3 where lookup = $1 and client = $2
      and (last_used is null or last_used < $3)`,
      values: [lookup, clientId, at],
      besideOthers,
    }),
  ),
  ...inOrder(connectionsUsed, ([connection]) => connection).map(([connection, at]) => ({
    sql: `update connections set last_used = $2 where number = $1
      and (last_used is null or last_used + ${connectionSeenMilliseconds} <= $2)`,
    values: [connection, at],
    besideOthers,
  })),
  ...inOrder(counts, ({ key, window }) => `${key} ${window}`).map(({ key, window, count }) => ({
    sql: `insert into counters (key, "window", count) values ($1, $2, $3)
      on conflict (key, "window") do update set count = counters.count + excluded.count`,
    values: [key, window, count],
    besideOthers,
  })),
]
