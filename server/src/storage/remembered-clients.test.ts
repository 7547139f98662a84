import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { testDatabase } from '../testing/postgres.ts'
import { aClient } from '../testing/records.ts'
import { migrate } from './migrate.ts'
import { openPostgres } from './postgres.ts'
import { sqlStore } from './sql-store.ts'
import { openSqlite } from './sqlite.ts'

suite('remembered clients', () => {
  test('in a file, one that anybody changed is read anew, in the same turn of the event loop', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenferry-remembered-'))
    const path = join(folder, 'remembered.db')
    const [here, there] = [await openSqlite(path), await openSqlite(path)]
    await migrate(here)
    const [store, other] = [sqlStore(here), sqlStore(there)]
    const client = aClient()
    await store.commit([{ write: 'add_client', client, at: 1 }])
    const first = await store.findClient(client.id)
    assert.ok(first)
    const disabled = { ...client, status: 'disabled' } as const
    const changed = other.commit([{ write: 'change_client', client: disabled, seen: client }])
    assert.equal(await store.findClient(client.id), first, 'the very same, as nobody has committed yet')
    await changed
    assert.equal((await store.findClient(client.id))?.status, 'disabled')
    await store.commit([{ write: 'change_client', client, seen: disabled }])
    assert.equal((await store.findClient(client.id))?.status, 'enabled')
    await here.close()
    await there.close()
    rmSync(folder, { recursive: true })
  })

  test('one that another node changed is found out, and found anew', async () => {
    const made = await testDatabase()
    const [here, there] = [await openPostgres({ url: made.url }), await openPostgres({ url: made.url })]
    await migrate(here)
    const [store, other] = [sqlStore(here), sqlStore(there)]
    const client = aClient()
    await store.commit([{ write: 'add_client', client, at: 1 }])
    const first = await store.recallClient(client.id)
    const again = await store.recallClient(client.id)
    assert.ok(first && again)
    assert.equal(again, first, 'the very same')
    assert.equal(await store.isCurrent(again), true)
    const disabled = { ...client, status: 'disabled' } as const
    await other.commit([{ write: 'change_client', client: disabled, seen: client }])
    const stale = await store.recallClient(client.id)
    assert.ok(stale)
    assert.equal(stale.status, 'enabled')
    assert.equal(await store.isCurrent(stale), false)
    const fresh = await store.recallClient(client.id)
    assert.equal(fresh?.status, 'disabled')
    assert.equal(fresh && (await store.isCurrent(fresh)), true)
    await here.close()
    await there.close()
    await made.remove()
  })
})
