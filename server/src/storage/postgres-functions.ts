/**
 * Units as functions of the database: a guard and its followers, by their own text. So a batch of them is one
 * statement, and one round trip, however many statements they are made of. A function's name is made of its
 * text, so that nodes of different versions each find their own; one that is missing is made.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { Statement, Unit, Value } from './database.ts'
import { schemaHere } from './statement-parts.ts'

/** Units of one shape differ in their values alone. */
export type Shape = {
  readonly key: string
  readonly statements: readonly Statement['sql'][]
  readonly besideOthers: boolean
}

export type UnitFunction = { readonly name: string; readonly types: readonly string[] }

/**
 * Commits go one after the other, as they do in SQLite, whichever node they come from: each holds this lock
 * until it is durable. Those that may run beside others share it.
 */
const lockKey = 0x746f6b656e
export const lockAlone = `pg_advisory_xact_lock(${lockKey})`
export const lockShared = `pg_advisory_xact_lock_shared(${lockKey})`
/** Of two imports each asks what is there once the other has written: a token may be there as its digest. */
export const lockImport = `pg_advisory_xact_lock(${lockKey + 1})`

const prefix = 'tokenferry_unit_'

export function shapeOf(unit: Unit): Shape {
  const [guard] = unit
  const besideOthers = unit.length === 1 && guard.besideOthers === true
  const statements = unit.map(({ sql }) => sql)
  return { key: statements.join(';'), statements, besideOthers }
}

export const valuesOf = (unit: Unit): readonly Value[] =>
  unit.length === 1 ? unit[0].values : unit.flatMap(({ values }) => values)

/** Makes the function of a shape, where it is not there yet, within a transaction. */
export async function makeFunction(
  shape: Pick<Shape, 'statements' | 'besideOthers'>,
  client: pg.ClientBase,
): Promise<UnitFunction> {
  const types: string[] = []
  const texts: string[] = []
  for (const sql of shape.statements) {
    const from = types.length
    texts.push(sql.replaceAll(/\$(\d+)/g, (_, place) => `$${Number(place) + from}`))
    types.push(...(await typesOf(sql, client)))
  }
  const body = bodyOf(texts, shape.besideOthers)
  const name = prefix + createHash('sha256').update(body).digest('hex').slice(0, 16)
  await client.query(
    `create or replace function ${name}(${types.join(', ')}) returns boolean language plpgsql as $unit$${body}$unit$`,
  )
  return { name, types }
}

/** Which types the database itself finds for a statement's values. */
async function typesOf(sql: string, client: pg.ClientBase): Promise<readonly string[]> {
  await client.query(`prepare tokenferry_probe as ${sql}`)
  const { rows } = await client.query(
    `select parameter_types::text[] as types from pg_prepared_statements where name = 'tokenferry_probe'`,
  )
  await client.query('deallocate tokenferry_probe')
  return rows[0]?.types ?? []
}

// `found` says whether the statement before it changed a row, as `returning` does elsewhere.
const bodyOf = (texts: readonly string[], besideOthers: boolean): string => {
  const [guard = '', ...followers] = texts.map((text) => text.replace(/\s+returning 1\s*$/, ''))
  return `
#variable_conflict use_column
begin
  perform ${besideOthers ? lockShared : lockAlone};
  ${guard};
  if not found then return false; end if;
  ${followers.map((follower) => `${follower};`).join('\n  ')}
  return true;
end`
}

/** All units of one shape, of which there is a function: `held` for each, in their order. */
export type Call = { readonly made: UnitFunction; readonly units: readonly Unit[] }

/** One statement for all of them. */
export function callAll(calls: readonly Call[]): { readonly text: string; readonly values: unknown[] } {
  const values: unknown[] = []
  const parts = calls.map(({ made: { name, types }, units }, at) => {
    const lines = units.map(valuesOf)
    const arrays = types.map((type, column) => {
      values.push(lines.map((line) => line[column] ?? null))
      return `$${values.length}::${type}[]`
    })
    const columns = types.map((_, column) => `v${column}`)
    return `select ${at} as call, n, ${name}(${columns.join(', ')}) as held
      from unnest(${arrays.join(', ')}) with ordinality as units (${[...columns, 'n'].join(', ')})`
  })
  return { text: parts.join(' union all '), values }
}

export type Run = readonly [Statement, ...Statement[]]

/** Statements that stand one behind the other and differ in their values alone. */
export function runsOf(statements: readonly Statement[]): readonly Run[] {
  const runs: [Statement, ...Statement[]][] = []
  for (const one of statements) {
    const last = runs.at(-1)
    if (last?.[0].sql === one.sql) last.push(one)
    else runs.push([one])
  }
  return runs
}

/** Functions of units that an earlier version made of tables as they no longer are. */
export const dropFunctions = `do $drop$ declare stale regprocedure; begin
  for stale in select oid::regprocedure from pg_proc
    where proname like '${prefix.replaceAll('_', '\\_')}%' and pronamespace = ${schemaHere} loop
    execute 'drop function ' || stale;
  end loop;
end $drop$`
