import assert from 'node:assert/strict'
import { mock, suite, test } from 'node:test'
import { startBackground } from './background.ts'
import { gatherUsage } from './http/usage.ts'
import type { Closed } from './keys/closed.ts'
import { migrate } from './storage/migrate.ts'
import { sqlStore } from './storage/sql-store.ts'
import { openSqlite } from './storage/sqlite.ts'
import { noon } from './testing/records.ts'

suite('beside answering', () => {
  test('when nobody is answered, and when all are again, is said once each', async () => {
    mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
    const database = await openSqlite(':memory:')
    await migrate(database)
    const store = sqlStore(database)
    const lines: object[] = []
    const note = (line: object): void => void lines.push(line)
    let closed: Closed | undefined = 'awaits_events'
    const background = startBackground({
      store,
      usage: gatherUsage(store, [], () => noon),
      now: () => noon,
      isOurs: () => false,
      closed: () => closed,
      logger: { info: note, warn: note },
    })
    mock.timers.tick(5_000)
    const problem = 'The restored database waits for its revocations: tokenferry events apply'
    assert.deepEqual(lines, [{ operation: 'stop_answering', problem }])
    closed = undefined
    mock.timers.tick(5_000)
    assert.deepEqual(lines.slice(1), [{ operation: 'answer_again' }])
    mock.timers.reset()
    await background.close()
    await database.close()
  })
})
