/** What the tables of statements are made of. */
import type { Write } from '../kernel/decision.ts'
import type { Statement } from './database.ts'

/** Statements for each of these writes: the compiler asks for those that are missing. */
export type Statements<Name extends Write['write']> = {
  readonly [W in Name]: (write: Extract<Write, { write: W }>) => Statement[]
}

/** `$1, $2, …` */
export const places = (count: number, from = 1): string =>
  Array.from({ length: count }, (_, at) => `$${from + at}`).join(', ')

/** A plain insert of one row. */
export const insert = (name: string, columns: readonly string[]): string =>
  `insert into ${name} (${columns.join(', ')}) values (${places(columns.length)})`

/** A value, or the null that a row keeps for none. */
export const none = <V>(value: V | undefined): V | null => value ?? null
