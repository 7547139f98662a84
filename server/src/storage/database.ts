/** What the store asks of a database engine. Few methods: all that is ours stands above them. */
export type Value = string | number | Uint8Array | null
export type Row = Readonly<Record<string, Value>>

export type Statement = { readonly sql: string; readonly values: readonly Value[] }

/** A guard and its followers; the followers run only if the guard returned a row. */
export type Unit = readonly [Statement, ...Statement[]]

export type Database = {
  query(sql: string, values: readonly Value[]): Promise<readonly Row[]>
  /** All of the unit or nothing; resolves when it is durable, with whether the guard held. */
  commit(unit: Unit): Promise<boolean>
  /**
   * Many rows by one statement, twenty or so at a time, durable as a whole; returns how many rows it changed.
   */
  bulk(statements: readonly Statement[]): Promise<number>
  /** A script of several statements, in one transaction. */
  script(sql: string): Promise<void>
  /** A consistent copy, made while others write. */
  backup(path: string): Promise<void>
  close(): Promise<void>
}
