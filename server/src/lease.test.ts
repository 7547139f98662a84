import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { StoreUnavailable } from './kernel/store.ts'
import type { HeldLease } from './lease.ts'
import { keepLease } from './lease.ts'
import type { Database } from './storage/database.ts'
import { migrate } from './storage/migrate.ts'
import { sqlStore } from './storage/sql-store.ts'
import { openSqlite } from './storage/sqlite.ts'
import { noon } from './testing/records.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenferry-lease-'))
const left: (() => Promise<void>)[] = []
after(async () => {
  for (const end of left.reverse()) await end()
  rmSync(folder, { recursive: true })
})

/** They look again by themselves, every few milliseconds: how much time has passed, the test says. */
const milliseconds = 30
const soon = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await pause(1)
}
/** Some turns of whoever looks again. */
const turns = (): Promise<void> => pause(2 * milliseconds)

type Node = { readonly lease: HeldLease; readonly database: Database; readonly lines: object[] }

suite('a lease', { timeout: 60_000 }, () => {
  let passed = 0

  /** `ahead`: of the true time. */
  async function node(name: string, holder: string, ahead = 0): Promise<Node> {
    const database = await openSqlite(join(folder, 'lease.db'))
    await migrate(database)
    const lines: object[] = []
    const note = (line: object): void => void lines.push(line)
    const lease = keepLease({
      store: sqlStore(database),
      now: () => noon + ahead + passed,
      passed: () => passed,
      name,
      holder,
      milliseconds,
      logger: { info: note, warn: note },
    })
    left.push(async () => {
      await lease.release()
      await database.close()
    })
    return { lease, database, lines }
  }
  /** A third of its time passes, and whoever holds it renews it. */
  async function renewed(name: string, { database }: Node, ahead = 0): Promise<void> {
    passed += milliseconds / 3
    const store = sqlStore(database)
    const until = noon + ahead + passed + milliseconds
    for (;;) {
      const lease = await store.findLease(name)
      if (lease?.until === until) return
      await pause(1)
    }
  }

  test('one node has it, for as long as it lives; it is given back to whoever waits, at once', async () => {
    const one = await node('given back', 'one')
    await soon(() => one.lease.isHeld())
    const other = await node('given back', 'other')
    for (let step = 0; step < 20; step += 1) {
      await renewed('given back', one)
      assert.deepEqual([one.lease.isHeld(), other.lease.isHeld()], [true, false])
    }
    // No time passes.
    await one.lease.release()
    assert.equal(one.lease.isHeld(), false)
    await soon(() => other.lease.isHeld())
    await turns()
    assert.equal(one.lease.isHeld(), false)
    assert.deepEqual(one.lines, [])
    const taken = { operation: 'take_lease', name: 'given back', holder: 'other', from: 'one' }
    assert.deepEqual(other.lines, [taken])
  })

  test('when a node loses its database, it gives up as the lease runs out, and only then another has it', async () => {
    const one = await node('run out', 'one')
    await soon(() => one.lease.isHeld())
    const other = await node('run out', 'other')
    await one.database.close()
    passed += milliseconds - 1
    await turns()
    assert.deepEqual([one.lease.isHeld(), other.lease.isHeld()], [true, false])
    passed += 1
    assert.equal(one.lease.isHeld(), false)
    await soon(() => other.lease.isHeld())
  })

  test('one that a clock far ahead has written is taken all the same, after it was seen unchanged for as long', async () => {
    const one = await node('ahead', 'one', 3_600_000)
    await soon(() => one.lease.isHeld())
    const other = await node('ahead', 'other')
    await turns()
    await one.database.close()
    passed += milliseconds - 1
    await turns()
    assert.equal(other.lease.isHeld(), false)
    passed += 1
    await soon(() => other.lease.isHeld())
  })

  test('a clock far ahead takes what others hold once, and they do not take it back from each other', async () => {
    const one = await node('stolen', 'one')
    await soon(() => one.lease.isHeld())
    const other = await node('stolen', 'other', 3_600_000)
    await soon(() => other.lease.isHeld())
    await soon(() => !one.lease.isHeld())
    for (let step = 0; step < 20; step += 1) {
      await renewed('stolen', other, 3_600_000)
      assert.deepEqual([one.lease.isHeld(), other.lease.isHeld()], [false, true])
    }
    assert.deepEqual(
      other.lines.map((line) => ('operation' in line ? line.operation : undefined)),
      ['take_lease'],
    )
  })

  test('while the database is away, each line says so in a sentence; of a mistake it has the stack', async () => {
    const lines: object[] = []
    let thrown: Error = new StoreUnavailable('connect ECONNREFUSED')
    const lease = keepLease({
      store: { findLease: () => Promise.reject(thrown), commit: () => Promise.reject(thrown) },
      now: () => noon,
      name: 'away',
      holder: 'one',
      milliseconds,
      logger: { info: () => undefined, warn: (line) => void lines.push(line) },
    })
    left.push(() => lease.release())
    await soon(() => lines.length > 0)
    assert.deepEqual(lines[0], { reason: 'unavailable', problem: 'connect ECONNREFUSED', what: 'lease' })
    thrown = new TypeError('a mistake')
    await soon(() => lines.some((line) => 'err' in line && line.err === thrown))
  })
})
