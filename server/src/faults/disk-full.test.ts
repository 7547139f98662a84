import assert from 'node:assert/strict'
import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { testDeployment } from '../testing/deployment.ts'
import { administer, startPostgres } from '../testing/postgres.ts'
import { appsOf, dialectsInTrouble } from './apps.ts'
import { noSmallDisk, smallDisk } from './small-disk.ts'
import { goThrough } from './trouble.ts'

const asked = { mounts: dialectsInTrouble, policy: { rotate: 'always' } } as const
const options = { skip: noSmallDisk, timeout: 120_000 }

suite('faults: the disk is full', () => {
  test('SQLite: 503 until there is room again, and nothing lost', options, async () => {
    const disk = await smallDisk(16)
    const database = `sqlite:${join(disk.folder, 'tokenferry.db')}`
    const here = await testDeployment({ ...asked, backend: 'sqlite', config: { database } })
    try {
      const trouble = { begin: disk.fill, end: disk.free, isPartial: true }
      const apps = await appsOf(here)
      // Once more: the log of what failed was not left in the way.
      for (let time = 0; time < 2; time += 1) await goThrough(here, apps, trouble)
      const [row] = await here.deployment.database.query('pragma integrity_check', [])
      assert.equal(row?.integrity_check, 'ok')
    } finally {
      await here.close()
      await disk.remove()
    }
  })

  test('PostgreSQL, where its tables are: the same', options, async () => {
    const [disk, postgres] = await Promise.all([smallDisk(48), startPostgres()])
    try {
      const room = join(disk.folder, 'tables')
      mkdirSync(room)
      // PostgreSQL runs as nobody where we are root.
      chownSync(room, 65_534, 65_534)
      await administer(postgres.url(), `create tablespace small location '${room}'`)
      await administer(postgres.url(), 'create database small tablespace small')
      const config = { database: postgres.url('small') }
      const here = await testDeployment({ ...asked, backend: 'sqlite', config })
      await goThrough(here, await appsOf(here), { begin: disk.fill, end: disk.free, isPartial: true })
      assert.match(postgres.output(), /No space left on device/)
      await here.close()
    } finally {
      await postgres.stop()
      await disk.remove()
    }
  })

  test('PostgreSQL, where its log is: it goes down, and is there again with all of it', options, async () => {
    const disk = await smallDisk(160)
    const postgres = await startPostgres({ durable: true, below: disk.folder })
    try {
      await administer(postgres.url(), 'create database whole')
      const config = { database: postgres.url('whole') }
      const here = await testDeployment({ ...asked, backend: 'sqlite', config })
      await goThrough(here, await appsOf(here), {
        async begin() {
          disk.fill()
          // The next file of the log finds no room.
          for (let file = 0; file < 12; file += 1) {
            const row = `select pg_logical_emit_message(false, 'fill', repeat('x', 1000000)), pg_switch_wal()`
            await administer(postgres.url(), row).catch(() => undefined)
          }
        },
        async end() {
          disk.free()
          await postgres.startAgain()
        },
      })
      assert.match(postgres.output(), /PANIC: .*No space left on device/)
      await here.close()
    } finally {
      await postgres.stop()
      await disk.remove()
    }
  })
})
