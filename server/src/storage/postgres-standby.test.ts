/**
 * A commit whose wait for the synchronous standby was cut short is on one machine alone. PostgreSQL shows it
 * as committed, with a warning; to us it is not committed before it is confirmed.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Write } from '../kernel/decision.ts'
import type { Connection, LegacyToken } from '../kernel/records.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import type { PostgresServer } from '../testing/postgres.ts'
import { administer, nameStandby, startPostgres, untilWaiting } from '../testing/postgres.ts'
import { aLegacyToken } from '../testing/records.ts'
import { exchange, importing, openTwice, rotation } from './contract.ts'
import { openPostgres } from './postgres.ts'

suite('postgres: a standby that does not confirm', { timeout: 120_000 }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ settings: { synchronous_commit: 'on' } })
  })
  after(() => server.stop())

  type Lane = {
    readonly name: string
    /** How often a unit comes before it gets a function: then it goes by a lane, else by the pool. */
    readonly functionAfter: number
    /** One that is like the one before it. */
    commit(time: 1 | 2, connection: Connection | undefined): readonly Write[]
    readonly grants: number
  }
  const tokenAt = (at: number): LegacyToken => aLegacyToken({ lookup: Buffer.from([at]) })
  const exchanging: Lane['commit'] = (time, connection) =>
    exchange(tokenAt(10 + time), { number: 10 + time, connection })
  const rotating: Lane['commit'] = (time) => [rotation(1, time - 1)]
  const lanes: readonly Lane[] = [
    { name: 'alone', functionAfter: 1, commit: exchanging, grants: 3 },
    { name: 'beside others', functionAfter: 1, commit: rotating, grants: 1 },
    { name: 'by the pool', functionAfter: Number.POSITIVE_INFINITY, commit: exchanging, grants: 3 },
  ]
  let databases = 0

  async function openNew(functionAfter: number) {
    databases += 1
    const name = `standby_${databases}`
    await administer(server.url(), `create database ${name}`)
    const opened = await openTwice({
      connect: () => openPostgres({ url: server.url(name), functionAfter, waitMillisecondsMax: 10_000 }),
      remove: () => undefined,
    })
    await importing(opened.store, tokenAt(1), tokenAt(11), tokenAt(12))
    await opened.store.commit(exchange(tokenAt(1), { number: 1 }))
    return opened
  }

  for (const { name, functionAfter, commit, grants } of lanes) {
    for (const end of ['pg_cancel_backend', 'pg_terminate_backend']) {
      test(`${name}: ${end} while it waits is trouble, nobody reads it unconfirmed, and it is done once`, async () => {
        const { store, database, close } = await openNew(functionAfter)
        const connection = await store.findConnection('app', 'user', '')
        // All that it takes is there by then: its function, and connections.
        assert.equal(await store.commit(commit(1, connection)), 'committed')
        await nameStandby(server, 'nobody')
        const outcome = store.commit(commit(2, connection)).catch((error: unknown) => error)
        const [pid] = await untilWaiting(server)
        await administer(server.url(), `select ${end}(${pid})`)
        assert.ok((await outcome) instanceof StoreUnavailable)
        await assert.rejects(store.findGrant(1), StoreUnavailable, 'it could be read, and is not said')

        await nameStandby(server, '')
        await untilAnswered(() => store.findGrant(1))
        assert.equal(await store.commit(commit(2, connection)), 'overtaken', 'it was done')
        const [row] = await database.query('select count(*) as grants from grants', [])
        assert.equal(row?.grants, grants)
        await close()
      })
    }
  }

  async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const isAnswered = await ask().then(
        () => true,
        () => false,
      )
      if (isAnswered) return
      await pause(20)
    }
  }
})
