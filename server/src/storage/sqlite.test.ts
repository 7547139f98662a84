import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Write } from '../kernel/decision.ts'
import { StoreUnavailable } from '../kernel/store.ts'
import type { Fresh } from './contract.ts'
import { keepsTheContract, openTwice } from './contract.ts'
import { openSqlite } from './sqlite.ts'

function fresh(): Fresh {
  const folder = mkdtempSync(join(tmpdir(), 'tokenferry-sqlite-'))
  return {
    connect: () => openSqlite(join(folder, 'test.db'), { busyMillisecondsMax: 200 }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

keepsTheContract('sqlite', fresh)

const revoke = (jti: string): Write => ({ write: 'revoke_access_token', jti, expires: 1 })

suite('sqlite: a database that another process holds', () => {
  test('a commit waits until it is let go, and blocks nobody meanwhile', async () => {
    const engine = fresh()
    const { store, close } = await openTwice(engine)
    const holder = await engine.connect()
    await holder.query('begin immediate', [])
    const committed = store.commit([revoke('waited')])
    // The event loop goes on: readers are answered while the writer waits.
    assert.equal(await store.isAccessTokenRevoked('waited'), false)
    await holder.query('commit', [])
    assert.equal(await committed, 'committed')
    await holder.close()
    await close()
  })

  test('after the longest wait it is trouble of ours, and nothing was written', async () => {
    const engine = fresh()
    const { store, close } = await openTwice(engine)
    const holder = await engine.connect()
    await holder.query('begin immediate', [])
    await assert.rejects(store.commit([revoke('late')]), StoreUnavailable)
    await assert.rejects(store.noteLookupKind({ version: 1, kind: 'raw' }), StoreUnavailable)
    await holder.query('commit', [])
    assert.equal(await store.isAccessTokenRevoked('late'), false)
    assert.equal(await store.commit([revoke('late')]), 'committed')
    await holder.close()
    await close()
  })

  test('a path where no database can be is trouble of ours, not a crash', async () => {
    await assert.rejects(openSqlite('/nonexistent-folder/x.db'), StoreUnavailable)
  })

  test('a closed database takes nothing more, and says so', async () => {
    const { store, close } = await openTwice(fresh())
    const last = store.commit([revoke('last')])
    await close()
    assert.equal(await last, 'committed')
    await assert.rejects(store.commit([revoke('later')]), StoreUnavailable)
    await assert.rejects(store.isAccessTokenRevoked('later'), StoreUnavailable)
  })
})
