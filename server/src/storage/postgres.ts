/**
 * PostgreSQL behind the `Database` interface, for any number of equal nodes.
 *
 * Requests share three connections: one reads, one commits what may run beside others, one commits the rest.
 * Commits that arrive while a batch is on its way join the next: one statement, one round trip, one flush.
 */
import type pg from 'pg'
import { StoreUnavailable } from '../kernel/store.ts'
import type { Database, Row, Statement, Unit, Value } from './database.ts'
import type { PostgresSettings } from './postgres-connection.ts'
import {
  beginOf,
  codeOf,
  isContended,
  isLost,
  laneOf,
  mayNot,
  unavailable,
  waitMillisecondsDefault,
} from './postgres-connection.ts'
import { copyIn, copyRows } from './postgres-copy.ts'
import type { Call, Run, Shape, UnitFunction } from './postgres-functions.ts'
import { callAll, lockAlone, lockShared, makeFunction, runsOf, shapeOf } from './postgres-functions.ts'
import { statementNames } from './postgres-names.ts'
import { connectionPool } from './postgres-pool.ts'
import { connectionsTo } from './postgres-primary.ts'
import { readTogether } from './postgres-reads.ts'

export type { PostgresSettings } from './postgres-connection.ts'

type Waiting = {
  readonly unit: Unit
  readonly shape: Shape
  readonly since: number
  readonly resolve: (held: boolean) => void
  readonly reject: (error: unknown) => void
}

/** Units in one statement. */
const batchMax = 256
const functionAfterDefault = 4
const connectionsDefault = 8
const attemptsMax = 5

const undefinedFunction = '42883'

export async function openPostgres(settings: PostgresSettings): Promise<Database> {
  const waitMilliseconds = settings.waitMillisecondsMax ?? waitMillisecondsDefault
  const functionAfter = settings.functionAfter ?? functionAfterDefault
  const connections = connectionsTo(settings)
  const pool = connectionPool(connections, settings.connections ?? connectionsDefault, waitMilliseconds)
  const reading = laneOf(connections, { waitMilliseconds, reads: true })
  // It may wait for a lock before it writes.
  const commitMillisecondsMax = 1.5 * waitMilliseconds
  const committing = () => laneOf(connections, { waitMilliseconds: commitMillisecondsMax })
  const lanes = {
    alone: { lane: committing(), waiting: [] as Waiting[], busy: false },
    beside: { lane: committing(), waiting: [] as Waiting[], busy: false },
  }
  const names = statementNames(settings.pooler === true)
  const functions = new Map<string, { seen: number; made: Promise<UnitFunction | undefined> | undefined }>()
  let closed = false

  // No row holds a text with a NUL, and PostgreSQL cannot even be asked for one.
  const asksForNul = (values: readonly Value[]): boolean =>
    values.some((value) => typeof value === 'string' && value.includes('\0'))

  type Queue = (typeof lanes)['alone']

  const flush = async (queue: Queue): Promise<void> => {
    queue.busy = true
    try {
      // A turn of the event loop: requests that were read together commit together.
      await new Promise((resolve) => setImmediate(resolve))
      while (queue.waiting.length > 0) await commitBatch(queue, queue.waiting.splice(0, batchMax))
    } finally {
      queue.busy = false
    }
  }

  async function commitBatch(queue: Queue, batch: readonly Waiting[]): Promise<void> {
    const groups = new Map<string, Waiting[]>()
    // Where batches of several nodes run at once, all take their rows' locks in the same order.
    const timely = batch.filter((one) => !isLate(one))
    const ordered = queue === lanes.beside ? timely.sort(byFirstValue) : timely
    for (const one of ordered) groups.set(one.shape.key, [...(groups.get(one.shape.key) ?? []), one])
    const calls: (Call & { readonly group: readonly Waiting[] })[] = []
    const others: Waiting[] = []
    for (const group of groups.values()) {
      const made = group[0] && (await functionOf(group[0].shape, group.length))
      if (made) calls.push({ made, units: group.map(({ unit }) => unit), group })
      else others.push(...group)
    }
    if (calls.length > 0) await commitCalls(queue, calls)
    // One after the other: each would wait for the lock of the one before it.
    for (const one of others) await alone(one)
  }

  async function commitCalls(
    { lane }: Queue,
    calls: readonly (Call & { readonly group: readonly Waiting[] })[],
  ): Promise<void> {
    const { text, values } = callAll(calls)
    try {
      const { rows } = await lane.run(names.query(text, values))
      for (const { call, n, held } of rows) calls[call]?.group[n - 1]?.resolve(held === 1)
    } catch (error) {
      // Nobody knows whether they were committed: each caller hears that it is trouble of ours, and asks
      // again.
      if (error instanceof StoreUnavailable && !isContended(error.cause)) {
        for (const { group } of calls) for (const { reject } of group) reject(error)
        return
      }
      if (codeOf(error) === undefinedFunction) functions.clear()
      // One unit is at fault, or met another in its way: each alone finds out which.
      for (const { group } of calls) for (const one of group) await alone(one)
    }
  }

  function functionOf(shape: Shape, uses: number): Promise<UnitFunction | undefined> | undefined {
    const known = functions.get(shape.key) ?? { seen: 0, made: undefined }
    functions.set(shape.key, known)
    known.seen += uses
    if (known.seen < functionAfter) return undefined
    // Beyond a pooler, statements are on one connection only within a transaction.
    const make = (client: pg.ClientBase) => makeFunction(shape, client)
    known.made ??= transaction(undefined, make, commitMillisecondsMax).catch((error) => {
      // Another node makes the same one, or this role may make none: what cannot be called goes the long way.
      known.made = codeOf(error) === mayNot ? Promise.resolve(undefined) : undefined
      return undefined
    })
    return known.made
  }

  /** Behind others that each waited in vain, nobody waits for the sum of it all. */
  function isLate({ since, reject }: Waiting): boolean {
    if (performance.now() - since <= waitMilliseconds) return false
    reject(new StoreUnavailable('The database did not get to this commit in time.'))
    return true
  }

  async function alone(one: Waiting): Promise<void> {
    const { unit, resolve, reject } = one
    if (isLate(one)) return
    try {
      const work = (client: pg.ClientBase) => runUnit(unit, client)
      resolve(await retrying(() => transaction(lockAlone, work, commitMillisecondsMax)))
    } catch (error) {
      reject(error)
    }
  }

  async function runUnit([guard, ...followers]: Unit, client: pg.ClientBase): Promise<boolean> {
    if ((await client.query(asked(guard))).rows.length === 0) return false
    for (const follower of followers) await client.query(asked(follower))
    return true
  }

  /** How many rows they changed: a round trip for all of them, where there is a function that does one. */
  async function runAll(run: Run, made: UnitFunction | undefined, client: pg.ClientBase): Promise<number> {
    if (!made) {
      let changes = 0
      for (const one of run) changes += (await client.query(asked(one))).rowCount ?? 0
      return changes
    }
    const { text, values } = callAll([{ made, units: run.map((one): Unit => [one]) }])
    const { rows } = await client.query({ text, values }).catch((error: unknown) => {
      if (codeOf(error) === undefinedFunction) functions.clear()
      throw error
    })
    return rows.reduce((sum, { held }) => sum + held, 0)
  }

  const asked = ({ sql, values }: Statement): pg.QueryConfig => ({ text: sql, values: [...values] })

  const begin = beginOf(settings.pooler === true, waitMilliseconds)

  /** Begins, takes the lock, does the work, makes it durable. */
  const transaction = <Result>(
    lock: string | undefined,
    work: (client: pg.ClientBase) => Promise<Result>,
    millisecondsMax?: number,
  ): Promise<Result> =>
    pool.use(async (client) => {
      try {
        // One round trip: the lock is held from its second half on.
        await client.query(lock === undefined ? begin : `${begin}; select ${lock}`)
        const result = await work(client)
        await client.query('commit')
        return result
      } catch (error) {
        // Where that fails, so does the connection, which is then not lent again.
        if (!isLost(error)) await client.query('rollback')
        throw error
      }
    }, millisecondsMax)

  async function retrying<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        if (attempt === attemptsMax || !isContended(error)) throw unavailable(error)
      }
    }
  }

  // It is known at once whether the database is there and may be written.
  await pool
    .use(async () => undefined)
    .catch((error) => {
      throw unavailable(error)
    })

  const query: Database['query'] = async (sql, values) => {
    if (closed) throw new StoreUnavailable('The database is closed.')
    if (asksForNul(values)) return []
    return (await names.run(sql, values, reading.run)).rows as Row[]
  }

  return {
    backend: 'postgres',
    query,
    read: readTogether(query),
    async scan(sql, values) {
      if (asksForNul(values)) return []
      const result = await retrying(() =>
        pool.use((client) => client.query({ text: sql, values: [...values] })),
      )
      return result.rows as Row[]
    },
    commit(unit) {
      if (closed) return Promise.reject(new StoreUnavailable('The database is closed.'))
      return new Promise((resolve, reject) => {
        const shape = shapeOf(unit)
        const queue = shape.besideOthers ? lanes.beside : lanes.alone
        queue.waiting.push({ unit, shape, since: performance.now(), resolve, reject })
        if (!queue.busy) void flush(queue)
      })
    },
    async bulk(statements) {
      const runs = runsOf(statements)
      const made = await Promise.all(
        runs.map((run) => (run[0].besideOthers ? functionOf(shapeOf([run[0]]), run.length) : undefined)),
      )
      return retrying(() =>
        transaction(lockShared, async (client) => {
          let changes = 0
          for (const [at, run] of runs.entries()) changes += await runAll(run, made[at], client)
          return changes
        }),
      )
    },
    load: (load) => retrying(() => transaction(undefined, (client) => copyIn(load, client))),
    addRows: ({ table, columns, rows }, then) =>
      retrying(() =>
        transaction(lockShared, async (client) => {
          await copyRows(table, columns, rows, client)
          await client.query(asked(then))
        }),
      ),
    async script(sql) {
      await retrying(() => transaction(lockAlone, (client) => client.query(sql)))
    },
    primary: connections.primary,
    async tables() {
      const { rows } = await retrying(() =>
        pool.use((client) =>
          client.query('select tablename from pg_tables where schemaname = current_schema'),
        ),
      )
      return new Set(rows.map(({ tablename }) => String(tablename)))
    },
    async close() {
      if (closed) return
      closed = true
      for (const { lane } of Object.values(lanes)) await lane.close()
      await reading.close()
      await pool.close()
    },
  }
}

const byFirstValue = (one: Waiting, other: Waiting): number =>
  Number(one.unit[0].values[0]) - Number(other.unit[0].values[0])
