/**
 * A whole deployment into another database: rows, keys, numbers, events with their ids, and its id last, so
 * that nobody can take half of a copy for a deployment. Nothing is used before both sides were compared.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Place, Sides, Sum, Table } from './copy-tables.ts'
import { CopyError, copyTable, sumOf, tablesOf } from './copy-tables.ts'
import type { Database } from './database.ts'
import { newestEventId, raiseEventIds } from './event-ids.ts'
import { migrate, pendingMigrations } from './migrate.ts'
import { number } from './rows.ts'
import { copyingKey, dropMeta, metaOf, movedKey, movingKey, putMeta } from './set-aside.ts'

export type CopyStep = 'copying' | 'comparing'

export type CopyOptions = Sides & {
  readonly partitions: number
  /** The target's address as the source keeps it, without a password. */
  readonly targetShown: string
  /** Throws where somebody uses the source. Asked once more before it is set aside. */
  readonly refuseInUse: () => Promise<void>
  /**
   * How long it takes until servers of the source have heard that nothing may change there, whatever their
   * connections are called. Absent: nobody else has the source open.
   */
  readonly heardAfterMilliseconds?: number
  readonly onProgress?: (step: CopyStep, rows: number, total: number) => void
}

export type Copied = {
  readonly deploymentId: string
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly sum: string }[]
  /** Rows that this run wrote; those of an earlier run that was interrupted are not among them. */
  readonly rowsWritten: number
}

const deploymentKey = 'deployment_id'

/** Where an interrupted copy stands, as the target keeps it. */
type Progress = { readonly from: string } & Partial<Place>

export async function copyDatabase(options: CopyOptions): Promise<Copied> {
  const { source, target } = options
  const id = await deploymentOf(source)
  const done = await begin(options, id)
  const tables = await tablesOf(source)
  await refuseOtherColumns(tables, target)
  await options.refuseInUse()
  if (options.heardAfterMilliseconds === undefined) return copyTables(options, id, done, tables)
  await source.bulk([putMeta(movingKey, options.targetShown)])
  try {
    await pause(options.heardAfterMilliseconds)
    return await copyTables(options, id, done, tables)
  } catch (error) {
    await cancelCopy(source)
    throw error
  }
}

/** Servers and commands may use the source of a copy again that has ended in the middle. */
export async function cancelCopy(source: Database): Promise<void> {
  await source.bulk([dropMeta(movingKey)])
}

async function copyTables(
  options: CopyOptions,
  id: string,
  done: Progress,
  tables: readonly Table[],
): Promise<Copied> {
  const { source, target } = options
  const totals = await Promise.all(tables.map(({ name }) => countOf(source, name)))
  const total = totals.reduce((sum, rows) => sum + rows, 0)
  const told = (step: CopyStep) => {
    let rows = 0
    return (more: number): void => {
      rows += more
      options.onProgress?.(step, rows, total)
    }
  }
  let rowsWritten = 0
  const copying = told('copying')
  for (const [at, table] of tables.entries()) {
    if (done.table !== undefined && table.name < done.table) {
      copying(totals[at] ?? 0)
      continue
    }
    await copyTable(table, options, table.name === done.table ? done.after : undefined, {
      note: (place) => putMeta(copyingKey, JSON.stringify({ from: id, ...place } satisfies Progress)),
      count(rows) {
        rowsWritten += rows
        copying(rows)
      },
    })
  }
  await raiseEventIds(target, await newestEventId(source))
  if (target.backend === 'postgres') await target.script('analyze')

  const comparing = told('comparing')
  const sums: Copied['tables'][number][] = []
  for (const table of tables) {
    const [here, there] = await Promise.all([
      sumOf(source, table, comparing),
      sumOf(target, table, () => undefined),
    ])
    refuseDifference(table, here, there)
    sums.push({ table: table.name, ...there })
  }
  await options.refuseInUse()
  await handOver(options)
  return { deploymentId: id, tables: sums, rowsWritten }
}

async function deploymentOf(source: Database): Promise<string> {
  if (!(await source.tables()).has('meta')) throw new CopyError('The source is no database of Tokenferry.')
  if ((await pendingMigrations(source)) > 0) {
    throw new CopyError('The source is of an older version. Bring it up first: tokenferry db migrate')
  }
  const meta = await metaOf(source)
  if (meta.has(copyingKey)) throw new CopyError('The source is half of a copy itself. Finish that one first.')
  const id = meta.get(deploymentKey)
  if (id === undefined) throw new CopyError('The source has no deployment id.')
  return id
}

/** An empty target is claimed; one that was begun from this source goes on; any other one is refused. */
async function begin(options: CopyOptions, id: string): Promise<Progress> {
  const { source, target, targetShown, partitions } = options
  const moved = (await metaOf(source)).get(movedKey)
  const names = await target.tables()
  if (!names.has('meta') && names.size > 0 && !names.has('migrations')) {
    throw new CopyError('The target holds tables of another program. Make an empty database for it.')
  }
  if (names.has('meta')) {
    const meta = await metaOf(target)
    const progress = JSON.parse(meta.get(copyingKey) ?? 'null') as Progress | null // Written below, by us.
    // Marked already, and not done: it ended in the middle of being handed over to this target.
    if (progress?.from === id && (moved ?? targetShown) === targetShown) return progress
    if (progress?.from === id) throw movedAlready(moved)
    if (progress) throw new CopyError('The target is half of a copy of another deployment.')
    if (meta.get(deploymentKey) === id) {
      throw new CopyError('The target holds this deployment already. Nothing was copied.')
    }
  }
  if (moved !== undefined) throw movedAlready(moved)
  await migrate(target, { partitions })
  for (const { name } of await tablesOf(target)) {
    const [row] = await target.scan(`select exists (select 1 from ${name}) as used`, [])
    if (row?.used === 1) throw new CopyError('The target holds another deployment. Make an empty database.')
  }
  const progress: Progress = { from: id }
  await target.bulk([putMeta(copyingKey, JSON.stringify(progress))])
  return progress
}

const movedAlready = (moved: string | undefined): CopyError =>
  new CopyError(
    `The source was copied to ${moved} already: a second copy would live beside that one. Copy from there; or, ` +
      'to go on with the source as it is, say so first: tokenferry db restored --to TIME',
  )

async function refuseOtherColumns(tables: readonly Table[], target: Database): Promise<void> {
  const there = await tablesOf(target)
  // Columns in the order of their names, since engines list them as they were added.
  if (JSON.stringify(tables) !== JSON.stringify(there)) {
    throw new CopyError('The tables of the target are other ones. Was it made by this version?')
  }
}

async function countOf(database: Database, table: string): Promise<number> {
  const [row] = await database.scan(`select count(*) as count from ${table}`, [])
  return number(row?.count)
}

function refuseDifference({ name }: Table, here: Sum, there: Sum): void {
  if (here.rows === there.rows && here.sum === there.sum) return
  throw new CopyError(
    `The table ${name} differs: ${here.rows} rows in the source (${here.sum}), ` +
      `${there.rows} in the target (${there.sum}). Empty the target and copy again.`,
  )
}

/**
 * The source first: if this ends between the two, nobody serves either, and the next run comes here again.
 */
async function handOver({ source, target, targetShown }: CopyOptions): Promise<void> {
  const meta = new Map(await metaOf(source))
  for (const key of [movedKey, movingKey]) meta.delete(key)
  await source.bulk([putMeta(movedKey, targetShown), dropMeta(movingKey)])
  await target.bulk([...[...meta].map(([key, value]) => putMeta(key, value)), dropMeta(copyingKey)])
}
