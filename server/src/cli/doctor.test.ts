import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { makeRootSecret } from '../keys/root-secret.ts'
import { migrate } from '../storage/migrate.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { identityProvider } from '../testing/identity-provider.ts'
import { aClient, noon } from '../testing/records.ts'
import { freePort } from '../testing/server-process.ts'
import { examine } from './doctor-checks.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenferry-doctor-'))
const now = Date.now()
after(() => rmSync(folder, { recursive: true }))

function configured(database: string, secret: string, more: Readonly<Record<string, unknown>> = {}): string {
  const path = join(folder, 'tokenferry.yaml')
  const settings = {
    public_url: 'http://127.0.0.1:4000',
    database: `sqlite:${join(folder, database)}`,
    root_secret: `file:${join(folder, secret)}`,
    mounts: [{ dialect: 'standard', prefix: '/' }],
    ...more,
  }
  writeFileSync(path, JSON.stringify(settings))
  return path
}

async function said(path: string, about: string): Promise<string[]> {
  const findings = await examine(path, now)
  return findings.filter((one) => one.about === about).map(({ result, says }) => `${result}: ${says}`)
}

suite('doctor', () => {
  test('a root secret beside the database is warned of, and one elsewhere is not', async () => {
    mkdirSync(join(folder, 'secret'))
    makeRootSecret(join(folder, 'root-secret'))
    makeRootSecret(join(folder, 'secret/root-secret'))
    const beside = await said(configured('tokenferry.db', 'root-secret'), 'root_secret')
    assert.match(beside.join('\n'), /^warn: lies beside the database/m)
    const apart = await said(configured('tokenferry.db', 'secret/root-secret'), 'root_secret')
    assert.deepEqual(
      apart.map((line) => line.slice(0, 3)),
      ['ok:'],
    )
  })

  test('a callback that is off since its address was gone is warned of, and one that is on is not', async () => {
    const database = await openSqlite(join(folder, 'callbacks.db'))
    await migrate(database)
    const store = sqlStore(database)
    const callback = 'https://app.example/hook'
    for (const id of ['gone', 'there'])
      await store.commit([{ write: 'add_client', client: aClient({ id, callback }), at: noon }])
    await store.commit([{ write: 'disable_callback', clientId: 'gone', callback }])
    await database.close()
    assert.deepEqual(await said(configured('callbacks.db', 'root-secret'), 'callback'), [
      'warn: gone is off since it answered 410: mend it, then tokenferry webhook enable gone',
    ])
  })
})

suite('doctor: the provider', () => {
  const file = join(folder, 'provider-secret')
  const findings = (issuer: string) =>
    said(
      configured('tokenferry.db', 'root-secret', {
        sign_in: { provider: { name: 'Acme ID', issuer, client_id: 'ferry', client_secret: `file:${file}` } },
      }),
      'sign_in',
    )
  before(() => writeFileSync(file, 'a secret of the test', { mode: 0o600 }))

  test('one that answers as itself is fine; without one nothing is said', async () => {
    const at = await identityProvider('http://127.0.0.1:4000/sign-in/callback')
    try {
      const back = 'http://127.0.0.1:4000/sign-in/callback'
      assert.deepEqual(await findings(at.issuer), [
        `ok: ${at.issuer} answers. It must know ${back} as where ferry gets users back`,
      ])
      assert.deepEqual(await said(configured('tokenferry.db', 'root-secret'), 'sign_in'), [])
      // The server would not start with it: the same words, and the discovery says nothing against it.
      chmodSync(file, 0o644)
      assert.deepEqual(await findings(at.issuer), [
        `fail: ${file} can be read by others. Mend it: chmod 600 ${file}`,
      ])
    } finally {
      chmodSync(file, 0o600)
      await at.close()
    }
  })

  test('one that is not there, or is no provider, is told with where to look', async () => {
    const issuer = `http://127.0.0.1:${await freePort()}`
    assert.deepEqual(await findings(`${issuer}/`), [
      `fail: ${issuer}/ does not answer as a provider (unreachable). ` +
        `Look at it: curl ${issuer}/.well-known/openid-configuration`,
    ])
  })

  test('one that calls itself otherwise is told with what it says', async () => {
    let said = 'https://id.acme.example/tenant'
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ issuer: said }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
    try {
      assert.deepEqual(await findings(issuer), [
        `fail: ${issuer} calls itself https://id.acme.example/tenant. ` +
          'Set sign_in.provider.issuer as the provider says it',
      ])
      said = 'no address'
      assert.match((await findings(issuer)).join(), /^fail: \S+ calls itself otherwise\. Set /)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})
