/** What the store asks of a database engine. Few methods: all that is ours stands above them. */
export type Value = string | number | Uint8Array | null
export type Row = Readonly<Record<string, Value>>

export type Statement = {
  readonly sql: string
  readonly values: readonly Value[]
  /**
   * Of a guard without followers, or of one of many in `bulk`: it changes one row by its key, and what else
   * it asks of is changed only by commits that do not say this. So others of its kind may run at the same
   * moment, on other connections.
   */
  readonly besideOthers?: true
}

/** A guard and its followers; the followers run only if the guard returned a row. */
export type Unit = readonly [Statement, ...Statement[]]

export type Backend = 'sqlite' | 'postgres'

/** Rows for one table, in the order of its columns, of which the first two are its key. */
export type Load = {
  readonly table: string
  readonly columns: readonly [string, string, ...string[]]
  readonly rows: readonly (readonly Value[])[]
  /** For each row other values of the first column: where one of them is there already, the row stays out. */
  readonly alsoAs: readonly (readonly Uint8Array[])[]
}

export type NewRows = {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Value[])[]
}

export type Database = {
  readonly backend: Backend
  /** For a request that waits: few rows, found by their keys. */
  query(sql: string, values: readonly Value[]): Promise<readonly Row[]>
  /** The same for what may read a whole table: no request stands behind it. */
  scan(sql: string, values: readonly Value[]): Promise<readonly Row[]>
  /**
   * As `query`, for the many columns that every request reads: an engine may answer with rows whose members
   * can be read by name alone.
   */
  read(sql: string, values: readonly Value[]): Promise<readonly Row[]>
  /**
   * All of the unit or nothing; resolves when it is durable, with whether the guard held. Units that do not
   * say `besideOthers` happen one after the other, whichever process they come from.
   */
  commit(unit: Unit): Promise<boolean>
  /**
   * Many rows by one statement, twenty or so at a time, durable as a whole; returns how many rows it changed.
   */
  bulk(statements: readonly Statement[]): Promise<number>
  /**
   * Adds the rows whose key is free, durable as a whole; returns how many. Where the engine has a faster
   * way.
   */
  load?(load: Load): Promise<number>
  /**
   * Adds rows as they are, in the order of `columns`, and with them what the statement writes, durable as a
   * whole. Fails where one of them is there already. Where the engine has a faster way than `bulk`.
   */
  addRows?(rows: NewRows, then: Statement): Promise<void>
  /** A script of several statements, in one transaction. */
  script(sql: string): Promise<void>
  /**
   * Another number once anybody else has committed; what was read at the same number is still so, but for
   * what this one wrote. Absent where asking would be a round trip.
   */
  version?(): Promise<number>
  /**
   * Another number once another primary was found: it may lack what the one before it acknowledged. Absent
   * where there is never another.
   */
  primary?(): number
  /** The names of all tables. */
  tables(): Promise<ReadonlySet<string>>
  close(): Promise<void>
}
