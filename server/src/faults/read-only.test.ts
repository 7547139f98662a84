import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import { administer, startPostgres } from '../testing/postgres.ts'
import { startServer } from '../testing/server-process.ts'
import { appsOf, dialectsInTrouble } from './apps.ts'
import { noSmallDisk, smallDisk } from './small-disk.ts'
import { goThrough } from './trouble.ts'

const asked = { mounts: dialectsInTrouble, policy: { rotate: 'always' }, backend: 'sqlite' } as const
const options = { timeout: 60_000 }

suite('faults: the database can only be read', () => {
  test('SQLite: 503 for as long as it is so', options, async (context) => {
    const here = await testDeployment({ ...asked, file: true })
    context.after(async () => {
      await here.close()
    })
    const { database } = here.deployment
    await goThrough(here, await appsOf(here), {
      begin: () => database.query('pragma query_only = on', []),
      end: () => database.query('pragma query_only = off', []),
    })
  })

  test('SQLite on a disk that is mounted so: the server does not start, and says why', {
    ...options,
    skip: noSmallDisk,
  }, async (context) => {
    const disk = await smallDisk(16)
    const here = await testDeployment({ ...asked, file: true })
    context.after(async () => {
      await here.close()
      await disk.remove()
    })
    const { database: made } = here.deployment
    await made.query('pragma wal_checkpoint(truncate)', [])
    const path = join(disk.folder, 'tokenferry.db')
    copyFileSync(here.path ?? '', path)
    const { status } = spawnSync('mount', ['-o', 'remount,ro', disk.folder])
    assert.equal(status, 0)
    const mounts = [{ dialect: 'standard', prefix: '/' }]
    const config = { database: `sqlite:${path}`, root_secret: `env:${rootSecretName}`, mounts }
    await assert.rejects(
      startServer({ folder: dirname(here.path ?? ''), config }),
      /The database .* cannot be used .* may you write there/,
    )
  })

  test('PostgreSQL that was made read-only, then demoted to a standby: 503, and it goes on as a primary', {
    timeout: 120_000,
  }, async (context) => {
    const postgres = await startPostgres({ durable: true })
    const here = await testDeployment({ ...asked, config: { database: postgres.url() } })
    context.after(async () => {
      await here.close()
      await postgres.stop()
    })
    const apps = await appsOf(here)
    const set = async (value: string): Promise<void> => {
      await administer(postgres.url(), `alter system set default_transaction_read_only = ${value}`)
      await administer(postgres.url(), 'select pg_reload_conf()')
      // Sessions hear of it a little later.
      for (let shown = ''; shown !== value; ) {
        const { rows } = await administer(postgres.url(), 'show default_transaction_read_only')
        shown = String(rows[0]?.default_transaction_read_only)
      }
    }
    await goThrough(here, apps, { begin: () => set('on'), end: () => set('off') })
    await goThrough(here, apps, {
      async begin() {
        postgres.kill()
        writeFileSync(join(postgres.folder, 'data/standby.signal'), '')
        await postgres.startAgain()
      },
      end: () => administer(postgres.url(), 'select pg_promote()'),
    })
  })
})
