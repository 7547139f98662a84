import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { makeRootSecret } from '../keys/root-secret.ts'
import { migrate } from '../storage/migrate.ts'
import { dropMeta, putMeta } from '../storage/set-aside.ts'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { identityProvider } from '../testing/identity-provider.ts'
import { aClient, anOrganization, aUser, noon } from '../testing/records.ts'
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

  test('people in a region that is not configured, and ranges that cannot be read, are warned of', async () => {
    const database = await openSqlite(join(folder, 'people.db'))
    await migrate(database)
    const store = sqlStore(database)
    const lives = [
      ['u1', 'eu'],
      ['u2', 'moon'],
      ['u3', 'moon'],
      ['u4', undefined],
    ] as const
    for (const [id, region] of lives) {
      const user = aUser({ id, username: id, region })
      await store.commit([{ write: 'put_user', user, organizations: [] }])
    }
    const organizations = [
      anOrganization({ id: 'a', region: 'mars', allowedAddresses: ['192.0.2.0/24', 'office', '::1'] }),
      anOrganization({ id: 'b', region: 'https://us2.api.example', allowedAddresses: ['192.0.2.0/24'] }),
      anOrganization({ id: 'c', region: 'us' }),
    ]
    for (const organization of organizations)
      await store.commit([{ write: 'put_organization', organization }])
    await database.close()
    const regions = { us: 'http://127.0.0.1:4000', eu: 'http://127.0.0.1:4001' }
    const path = configured('people.db', 'people/root-secret', { region: 'us', regions })
    assert.deepEqual(await said(path, 'regions'), [
      'warn: 2 users in moon, which regions does not name: each server answers them. ' +
        'Name it in regions, or: tokenferry user set u2 --region …',
      'warn: 1 organization in mars, which regions does not name: each server answers them. ' +
        'Name it in regions, or: tokenferry organization set a --region …',
    ])
    assert.deepEqual(await said(path, 'addresses'), [
      'warn: a allows office, which is no address or range: tokenferry organization set a --allow-address …',
    ])
    assert.deepEqual(await said(configured('people.db', 'people/root-secret'), 'regions'), [])
  })

  test('an app that may have codes sent is warned of where there is no mail, and no other app is', async () => {
    const database = await openSqlite(join(folder, 'codes.db'))
    await migrate(database)
    const store = sqlStore(database)
    for (const [id, dialect, policy] of [
      ['may', 'concur', { directGrants: ['otp'] }],
      ['may-not', 'concur', { directGrants: ['password'] }],
      ['cannot', 'standard', { directGrants: ['otp'] }],
    ] as const)
      await store.commit([{ write: 'add_client', client: aClient({ id, dialect, policy }), at: noon }])
    await database.close()
    const mounts = ['concur', 'standard'].map((dialect) => ({ dialect, prefix: `/${dialect}` }))
    const mails = { mail: { from: 'no-reply@acme.example', folder: join(folder, 'mails') } }
    const without = await said(configured('codes.db', 'root-secret', { mounts }), 'mail')
    assert.deepEqual(without.slice(1), [
      'warn: is not configured, so may, which may use otp, can have no code sent',
    ])
    const withMail = await said(configured('codes.db', 'root-secret', { mounts, ...mails }), 'mail')
    assert.equal(withMail.length, 1)
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

  test('a database that no server works with is a failure, and half of a copy is not looked into', async () => {
    const database = await openSqlite(join(folder, 'aside.db'))
    await migrate(database)
    const path = configured('aside.db', 'root-secret')
    const states: readonly (readonly [key: string, value: string, about: string, says: string])[] = [
      ['copying', '{}', 'copy', 'half done: run tokenferry copy again'],
      [
        'moved_to',
        'postgres://db.internal/tokenferry',
        'moved',
        'to postgres://db.internal/tokenferry: name that one in the configuration. ' +
          'To use this one again: tokenferry db restored --to TIME',
      ],
      [
        'awaits_events',
        'yes',
        'restore',
        'waits for its revocations: tokenferry events apply --only revocations FILE, or --none',
      ],
    ]
    for (const [key, value, about, says] of states) {
      await database.bulk([putMeta(key, value)])
      assert.deepEqual(await said(path, about), [`fail: ${says}`])
      assert.equal((await said(path, 'keys')).length, key === 'copying' ? 0 : 1)
      await database.bulk([dropMeta(key)])
      assert.deepEqual(await said(path, about), [])
    }
    await database.close()
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
