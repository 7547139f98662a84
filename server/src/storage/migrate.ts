/**
 * Plain SQL migrations, numbered, each in one transaction with the row that notes it, so that several servers
 * may start at once. An older server refuses a newer schema: it would not know what its rows mean.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { Backend, Database } from './database.ts'
import { dropFunctions } from './postgres-functions.ts'
import { number } from './rows.ts'
import { refuseEncoding } from './set-aside.ts'

export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew'
}

type Migration = { readonly id: number; readonly name: string; readonly sql: string }

/** The migrations of a backend, in order. */
export function migrationsOf(backend: Backend): readonly Migration[] {
  const folder = new URL(`./migrations/${backend}/`, import.meta.url)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ id: Number(name.slice(0, 4)), name, sql: readFileSync(new URL(name, folder), 'utf8') }))
}

export type Migrated = { readonly applied: readonly string[] }

export type MigrateOptions = {
  /** Of the tables that grow, where they are made; PostgreSQL alone has any. */
  readonly partitions?: number
}

export async function migrate(
  database: Database,
  { partitions = 1 }: MigrateOptions = {},
): Promise<Migrated> {
  const migrations = migrationsOf(database.backend)
  // A role that serves need not be allowed to make tables, and a start waits for nobody's commit.
  if ((await pendingMigrations(database)) === 0) return { applied: [] }
  await refuseEncoding(database)
  await database.script(
    'create table if not exists migrations (id integer primary key, name text not null, at bigint not null)',
  )
  const applied: string[] = []
  for (const { id, name, sql } of migrations) {
    const newest = await newestMigration(database)
    if (newest > migrations.length) throw tooNew(newest, migrations.length)
    if (newest >= id) continue
    try {
      // The row goes in first: a second server that migrates at the same time fails on it, changes nothing,
      // and goes on.
      await database.script(`insert into migrations (id, name, at) values (${id}, '${name}', ${Date.now()});
        ${database.backend === 'postgres' ? partitioned(sql, partitions) : sql}
        ${id === 1 ? firstRows() : ''}`)
      applied.push(name)
    } catch (error) {
      if ((await newestMigration(database)) < id) throw error
    }
  }
  if (applied.length > 0 && database.backend === 'postgres') await database.script(dropFunctions)
  return { applied }
}

/** How many migrations wait; throws where the schema is newer than this server. */
export async function pendingMigrations(database: Database): Promise<number> {
  const known = migrationsOf(database.backend).length
  if (!(await database.tables()).has('migrations')) return known
  const newest = await newestMigration(database)
  if (newest > known) throw tooNew(newest, known)
  return known - newest
}

const partitionable = /\) \/\* (\w+): by hash of (\w+), fillfactor (\d+) \*\/;/g

/**
 * The tables that grow, in parts: an index of each part is smaller, and parts are vacuumed side by side. A
 * page that is not filled has room for a row's next version, so that no index need hear of it.
 */
const partitioned = (sql: string, partitions: number): string =>
  sql.replaceAll(partitionable, (_, table: string, column: string, fill: string) =>
    partitions === 1
      ? `) with (fillfactor = ${fill});`
      : `) partition by hash (${column});\n${Array.from(
          { length: partitions },
          (_, at) => `create table ${table}_${at} partition of ${table}
            for values with (modulus ${partitions}, remainder ${at}) with (fillfactor = ${fill});`,
        ).join('\n')}`,
  )

// A deployment's id is in what its keys are sealed with, so that one deployment's key opens nothing in
// another's table.
const firstRows = (): string => `
  insert into meta (key, value) values ('deployment_id', '${randomBytes(16).toString('hex')}');`

async function newestMigration(database: Database): Promise<number> {
  const [row] = await database.query('select coalesce(max(id), 0) as newest from migrations', [])
  return number(row?.newest)
}

const tooNew = (found: number, known: number): SchemaTooNew =>
  new SchemaTooNew(
    `The database is at migration ${found}, this server knows ${known}. Start the newer server that made it.`,
  )
