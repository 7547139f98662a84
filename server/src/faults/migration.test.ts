import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '../open-database.ts'
import { migrate, migrationsOf } from '../storage/migrate.ts'
import { schemaOf } from '../storage/schema.ts'
import { rootSecretName, testConfig } from '../testing/deployment.ts'
import { shortOrLong } from '../testing/length.ts'
import { administer, testDatabase } from '../testing/postgres.ts'
import type { Chance } from './chance.ts'
import { chanceOf } from './chance.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const interruptions = shortOrLong(1, 30)
const options = { timeout: shortOrLong(120_000, 900_000) }

/** A database to migrate, whether anything has begun there yet, and how it goes away. */
type Fresh = { readonly database: string; hasBegun(): Promise<boolean>; remove(): Promise<void> }

async function freshFile(): Promise<Fresh> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-migration-'))
  const path = join(folder, 'tokenferry.db')
  return {
    database: `sqlite:${path}`,
    hasBegun: async () => existsSync(path),
    remove: async () => rmSync(folder, { recursive: true }),
  }
}

async function freshDatabase(): Promise<Fresh> {
  const { url, remove } = await testDatabase()
  const sessions = `select 1 from pg_stat_activity where datname = current_database() and application_name = 'tokenferry'`
  return {
    database: url,
    hasBegun: async () => ((await administer(url, sessions)).rowCount ?? 0) > 0,
    remove,
  }
}

const kinds: Readonly<Record<string, () => Promise<Fresh>>> = { SQLite: freshFile, PostgreSQL: freshDatabase }

suite('faults: a migration that is interrupted', () => {
  for (const [name, fresh] of Object.entries(kinds)) {
    test(
      `${name}: killed in the middle of it, by two at once, it is whole after the next`,
      options,
      async (context) => {
        const chance = chanceOf(context)
        const expected = await schemaAfterAll(fresh)
        const left: number[] = []
        for (let time = 0; time < interruptions; time += 1) {
          const at = await fresh()
          left.push(await interrupt(at, chance))
          const statuses = await Promise.all([migrating(at).ended, migrating(at).ended])
          assert.deepEqual(statuses, [0, 0], 'both of two say that it is done')
          assert.equal(await schemaOfDatabase(at), expected)
          await at.remove()
        }
        context.diagnostic(`migrations that were done when it was killed: ${left.join(', ')}`)
      },
    )
  }

  for (const [name, fresh] of Object.entries(kinds)) {
    test(
      `${name}: whichever migration is broken off, none of it stays, and it is made anew`,
      options,
      async () => {
        const expected = await schemaAfterAll(fresh)
        const at = await fresh()
        const config = configOf(at)
        for (let done = 0; done < migrationsOf(isFile(at) ? 'sqlite' : 'postgres').length; done += 1) {
          const database = await openDatabase(config)
          const broken = {
            ...database,
            // Every migration but the last of this turn is followed by what no database can do.
            script: (sql: string) =>
              database.script(
                sql.includes(`values (${done + 1},`) ? `${sql}; select 1 from nothing_of_this_name;` : sql,
              ),
          }
          await assert.rejects(migrate(broken))
          const [row] = await database.query('select count(*) as count from migrations', [])
          assert.equal(Number(row?.count), done)
          await database.close()
        }
        const database = await openDatabase(config)
        await migrate(database)
        assert.equal(await schemaOf(database), expected)
        await database.close()
        await at.remove()
      },
    )
  }
})

const isFile = ({ database }: Fresh): boolean => database.startsWith('sqlite:')

const configOf = ({ database }: Fresh) => testConfig({ config: { database } }, ':memory:')

function migrating({ database }: Fresh): { kill(): void; readonly ended: Promise<number | null> } {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-migrating-'))
  const config = join(folder, 'tokenferry.yaml')
  const mounts = [{ dialect: 'standard', prefix: '/' }]
  const settings = {
    public_url: 'http://127.0.0.1:4000',
    database,
    root_secret: `env:${rootSecretName}`,
    mounts,
  }
  writeFileSync(config, JSON.stringify(settings))
  const child = spawn(process.execPath, [binary, 'db', 'migrate', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit').then(() => {
    rmSync(folder, { recursive: true })
    return child.exitCode
  })
  return { kill: () => void child.kill('SIGKILL'), ended }
}

/** Kills it at some moment of its work; returns how many migrations were done by then. */
async function interrupt(at: Fresh, chance: Chance): Promise<number> {
  const victim = migrating(at)
  while (!(await at.hasBegun())) await pause(1)
  await pause(chance.between(0, 60))
  victim.kill()
  await victim.ended
  const database = await openDatabase(configOf(at))
  const tables = await database.tables()
  const rows = tables.has('migrations') ? await database.query('select id from migrations', []) : []
  await database.close()
  return rows.length
}

async function schemaOfDatabase(at: Fresh): Promise<string> {
  const database = await openDatabase(configOf(at))
  const schema = await schemaOf(database)
  await database.close()
  return schema
}

async function schemaAfterAll(fresh: () => Promise<Fresh>): Promise<string> {
  const at = await fresh()
  const database = await openDatabase(configOf(at))
  await migrate(database)
  const schema = await schemaOf(database)
  await database.close()
  await at.remove()
  return schema
}
