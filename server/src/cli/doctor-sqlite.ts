/** What `tokenferry doctor` says of SQLite: the disk, the file, who may read it. */
import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { isSqlite, sqlitePath } from '../open-database.ts'
import { damageOf } from '../storage/condition.ts'
import type { Database } from '../storage/database.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { damageIn } from '../storage/sqlite-errors.ts'
import { damagedWords } from './command.ts'
import type { Finding } from './doctor-finding.ts'
import { fail, messageOf, ok, warn } from './doctor-finding.ts'

const gibibyte = 1024 ** 3

export function diskFindings(config: Config): Finding[] {
  if (!isSqlite(config)) return []
  const path = sqlitePath(config)
  if (path === ':memory:') return [warn('database', 'is in memory: everything is lost at the end')]
  const folder = dirname(resolve(path))
  if (!existsSync(folder)) return [fail('disk', `There is no folder ${folder}. Make it: mkdir -p ${folder}`)]
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const says = `${(free / gibibyte).toFixed(1)} GiB free in ${folder}`
  if (free < gibibyte / 10) return [fail('disk', `${says}: make room, or nothing can be committed`)]
  return [free < gibibyte ? warn('disk', `${says}: make room soon`) : ok('disk', says)]
}

/** What is said of a file, and of what is in it. */
export async function sqliteFindings(
  config: Config,
  contents: (database: Database) => Promise<Finding[]>,
): Promise<Finding[]> {
  const path = sqlitePath(config)
  if (path !== ':memory:' && !existsSync(path)) {
    return [
      warn(
        'database',
        `${resolve(path)} is not there yet: the first start makes it, or tokenferry db migrate`,
      ),
    ]
  }
  let database: Database
  try {
    database = await openSqlite(path)
  } catch (error) {
    const damage = damageIn(error)
    if (damage !== undefined)
      return [fail('integrity', `The database ${resolve(path)} ${damagedWords(damage)}`)]
    return [
      fail(
        'database',
        `${resolve(path)} cannot be opened (${messageOf(error)}): is it a database, and may you write it?`,
      ),
    ]
  }
  try {
    const damage = await damageOf(database, 'quick')
    const permission = permissionFinding(path)
    if (damage !== undefined) {
      return [permission, fail('integrity', `The database ${resolve(path)} ${damagedWords(damage)}`)]
    }
    return [permission, ok('integrity', 'the file is sound'), ...(await contents(database))]
  } catch (error) {
    return [fail('database', messageOf(error))]
  } finally {
    await database.close()
  }
}

function permissionFinding(path: string): Finding {
  if (path === ':memory:') return ok('database', 'in memory')
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o077) === 0) return ok('database', `${resolve(path)} is readable by its owner alone`)
  return warn(
    'database',
    `${path} can be read by others (mode ${mode.toString(8)}). Mend it: chmod 600 ${path}`,
  )
}
