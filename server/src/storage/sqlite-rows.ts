/**
 * Rows as SQLite gives them fastest: arrays, read by the names of their columns. An object of forty members
 * costs more to make than its row costs to find, and a decision reads few of them.
 */
import type { Row, Value } from './database.ts'

/** The part of `StatementSync` that both `node:sqlite` and `@photostructure/sqlite` have. */
export type Prepared = {
  all(...values: Value[]): unknown[]
  get(...values: Value[]): unknown
  run(...values: Value[]): { changes: number | bigint }
  // What older versions of `node:sqlite` lack.
  setReturnArrays?(arrays: boolean): void
  columns?(): readonly { readonly name: string }[]
}

export type Reader = (values: readonly Value[]) => Row[]

/** Reads by this statement, in half the time where the engine gives arrays. */
export function readerOf(statement: Prepared): Reader {
  if (!statement.setReturnArrays || !statement.columns) return (values) => statement.all(...values) as Row[]
  statement.setReturnArrays(true)
  let columns: string[] = []
  let view = viewOf(columns)
  return (values) => {
    const rows = statement.all(...values) as Value[][]
    // At first; and where another process has added a column to a table that is read as a whole.
    if (rows[0] && rows[0].length !== columns.length) {
      columns = statement.columns?.().map(({ name }) => name) ?? []
      view = viewOf(columns)
    }
    return rows.map(view)
  }
}

const held = Symbol('held')
type View = { [held]: readonly Value[] }

/** Makes rows of arrays that have these columns. */
function viewOf(columns: readonly string[]): (values: readonly Value[]) => Row {
  const members = columns.map((name, at) => {
    const get = function (this: View): Value | undefined {
      return this[held][at]
    }
    return [name, { get }] as const
  })
  // Of two columns with one name, the last counts, as in an object.
  const prototype = Object.create(null, Object.fromEntries(members))
  return (values) => {
    const row = Object.create(prototype)
    row[held] = values
    return row
  }
}
