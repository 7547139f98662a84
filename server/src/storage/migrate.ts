/**
 * Plain SQL migrations, numbered, each in one transaction with the row that notes it, so that several servers
 * may start at once. An older server refuses a newer schema: it would not know what its rows mean.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { Database } from './database.ts'
import { number } from './rows.ts'

export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew'
}

type Migration = { readonly id: number; readonly name: string; readonly sql: string }

/** The migrations of a backend, in order. */
export function migrationsOf(backend: 'sqlite'): readonly Migration[] {
  const folder = new URL(`./migrations/${backend}/`, import.meta.url)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ id: Number(name.slice(0, 4)), name, sql: readFileSync(new URL(name, folder), 'utf8') }))
}

export type Migrated = { readonly applied: readonly string[] }

export async function migrate(database: Database, backend: 'sqlite' = 'sqlite'): Promise<Migrated> {
  const migrations = migrationsOf(backend)
  await database.script(
    'create table if not exists migrations (id integer primary key, name text not null, at integer not null)',
  )
  const applied: string[] = []
  for (const { id, name, sql } of migrations) {
    const newest = await newestMigration(database)
    if (newest > migrations.length) throw tooNew(newest, migrations.length)
    if (newest >= id) continue
    try {
      // The row goes in first: a second server that migrates at the same time fails on it, changes nothing,
      // and goes on.
      await database.script(`insert into migrations (id, name, at) values (${id}, '${name}', ${Date.now()}); ${sql}
        ${id === 1 ? firstRows() : ''}`)
      applied.push(name)
    } catch (error) {
      if ((await newestMigration(database)) < id) throw error
    }
  }
  return { applied }
}

/** How many migrations wait; throws where the schema is newer than this server. */
export async function pendingMigrations(database: Database, backend: 'sqlite' = 'sqlite'): Promise<number> {
  const known = migrationsOf(backend).length
  const [table] = await database.query(`select 1 as found from sqlite_master where name = 'migrations'`, [])
  if (!table) return known
  const newest = await newestMigration(database)
  if (newest > known) throw tooNew(newest, known)
  return known - newest
}

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
