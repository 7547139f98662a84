/**
 * Reads that many requests want in one turn of the event loop, as one statement. Each finds its rows by their
 * keys; what a statement of its own would cost, in the driver and on the wire, is more than that.
 */
import { StoreUnavailable } from '../kernel/store.ts'
import type { Database, Row, Value } from './database.ts'

type Waiting = {
  readonly values: readonly Value[]
  readonly resolve: (rows: readonly Row[]) => void
  readonly reject: (error: unknown) => void
}

type Group = { readonly sql: string; readonly types: readonly string[]; readonly waiting: Waiting[] }

/** The rows of all say by this column whose they are. */
const place = 'tokenferry_place'

export function readTogether(read: Database['read']): Database['read'] {
  const texts = new Map<string, string>()
  let groups = new Map<string, Group>()

  function send(): void {
    const sent = groups
    groups = new Map()
    for (const [key, group] of sent) {
      const [first] = group.waiting
      if (first && group.waiting.length === 1) read(group.sql, first.values).then(first.resolve, first.reject)
      else void together(key, group)
    }
  }

  async function together(key: string, { sql, types, waiting }: Group): Promise<void> {
    const text = texts.get(key) ?? togetherSql(sql, types)
    texts.set(key, text)
    try {
      // An array in the place of each value: what the driver makes of it, it makes of any value.
      const columns = types.map((_, column) => waiting.map(({ values }) => values[column]))
      const found = waiting.map((): Row[] => [])
      for (const row of await read(text, columns as unknown as Value[]))
        found[Number(row[place]) - 1]?.push(row)
      for (const [at, { resolve }] of waiting.entries()) resolve(found[at] ?? [])
    } catch (error) {
      // Of a value that no row can have, the others know nothing: each alone finds out whose it is.
      for (const { values, resolve, reject } of waiting) {
        if (error instanceof StoreUnavailable) reject(error)
        else read(sql, values).then(resolve, reject)
      }
    }
  }

  return (sql, values) => {
    const types = values.map(typeOf)
    // What type a null is of, only the statement knows.
    if (types.length === 0 || types.includes(undefined)) return read(sql, values)
    return new Promise((resolve, reject) => {
      if (groups.size === 0) setImmediate(send)
      const key = `${types.join()} ${sql}`
      const group = groups.get(key) ?? { sql, types: types as string[], waiting: [] }
      group.waiting.push({ values, resolve, reject })
      groups.set(key, group)
    })
  }
}

const typeOf = (value: Value): string | undefined => {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number') return 'bigint'
  return value === null ? undefined : 'bytea'
}

/** The statement once for each line of the values, found again by the line's place. */
function togetherSql(sql: string, types: readonly string[]): string {
  const columns = types.map((_, at) => `v${at + 1}`)
  const arrays = types.map((type, at) => `$${at + 1}::${type}[]`)
  return `select asked.${place}, found.* from unnest(${arrays.join(', ')})
      with ordinality as asked (${[...columns, place].join(', ')})
    cross join lateral (${sql.replaceAll(/\$(\d+)/g, 'asked.v$1')}) found`
}
