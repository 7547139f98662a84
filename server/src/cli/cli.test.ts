/** The commands as an operator runs them: real processes, on a deployment of their own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sqlStore } from '../storage/sql-store.ts'
import { openSqlite } from '../storage/sqlite.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-cli-'))
const rootSecret = randomBytes(32).toString('hex')
const settings = {
  database: `sqlite:${join(folder, 'tokenferry.db')}`,
  root_secret: 'env:CLI_TEST_ROOT_SECRET',
  mounts: [{ dialect: 'standard', prefix: '/' }],
  log: 'silent',
}
const configPath = join(folder, 'tokenferry.yaml')

type Done = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

async function run(args: readonly string[], input = '', env: Record<string, string> = {}): Promise<Done> {
  const child = spawn(process.execPath, [binary, ...args], {
    env: { ...process.env, CLI_TEST_ROOT_SECRET: rootSecret, TOKENFERRY_CONFIG: configPath, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      output[name] += chunk.toString()
    })
  }
  child.stdin.on('error', () => undefined).end(input)
  await once(child, 'close')
  return { status: child.exitCode, ...output }
}

/** Runs a command that must succeed, and reads its JSON. */
async function json(args: readonly string[], input = ''): Promise<Record<string, unknown>> {
  const done = await run([...args, '--json'], input)
  assert.equal(done.status, 0, done.stderr)
  return JSON.parse(done.stdout)
}

/** Runs a command that must fail with one line on stderr, and returns the line. */
async function failing(
  args: readonly string[],
  input = '',
  env: Record<string, string> = {},
): Promise<string> {
  const { status, stdout, stderr } = await run(args, input, env)
  assert.equal(status, 1, stdout)
  assert.match(stderr, /^tokenferry: [^\n]+\n$/)
  return stderr
}

type App = { readonly client_id: string; readonly client_secret: string }

async function addApp(...options: readonly string[]): Promise<App> {
  const made = await json(['client', 'add', '--dialect', 'standard', '--name', 'An app', ...options])
  return { client_id: String(made.client_id), client_secret: String(made.client_secret) }
}

before(() => writeFileSync(configPath, JSON.stringify({ public_url: 'http://127.0.0.1:4000', ...settings })))
after(() => rmSync(folder, { recursive: true, force: true }))

suite('command line: records', () => {
  test('a secret is printed once, and no list or record shows it', async () => {
    const { client_id, client_secret } = await addApp('--scope', 'read', 'write')
    for (const args of [['list'], ['show', client_id]]) {
      const { stdout } = await run(['client', ...args])
      assert.ok(stdout.includes(client_id))
      assert.ok(!stdout.includes(client_secret))
    }
  })

  test('an id and an identifier belong to one client', async () => {
    await addApp('--id', 'app-1', '--identifier', 'OLD-1')
    const add = ['client', 'add', '--dialect', 'standard', '--name', 'Another']
    assert.match(await failing([...add, '--identifier', 'OLD-1']), /already is a client/)
    assert.match(await failing([...add, '--id', 'OLD-1']), /already is a client/)
    assert.match(await failing([...add, '--identifier', 'app-1']), /already is a client/)
    assert.equal((await json(['client', 'show', 'OLD-1'])).id, 'app-1')
  })

  test('an app has a maker and a picture, whose bytes are looked at before anything is changed', async () => {
    const [picture, drawing, large] = ['logo.png', 'logo.svg', 'large.png'].map((name) => join(folder, name))
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    writeFileSync(picture ?? '', png)
    // What a file is called proves nothing.
    writeFileSync(drawing ?? '', '<svg xmlns="http://www.w3.org/2000/svg"/>')
    writeFileSync(large ?? '', Buffer.concat([png, Buffer.alloc(65_536)]))
    const { client_id } = await addApp('--maker', 'Acme Ltd', '--logo', picture ?? '')
    const set = ['client', 'set', client_id]
    const made = await json(['client', 'show', client_id])
    assert.equal(made.maker, 'Acme Ltd')
    assert.match(String(made.logo), /^[0-9a-f]{64}\.png$/)
    assert.match(await failing([...set, '--logo', drawing ?? '']), /no PNG, JPEG or WebP picture/)
    assert.match(await failing([...set, '--logo', large ?? '']), /has 65 KiB; a logo has at most 64 KiB/)
    assert.match(await failing([...set, '--logo', join(folder, 'none.png')]), /cannot be read/)
    const taken = await json([...set, '--maker', 'none', '--logo', 'none'])
    assert.deepEqual([taken.maker, taken.logo], [undefined, undefined])
  })

  test('a change replaces what is named and leaves the rest', async () => {
    const { client_id } = await addApp(
      '--scope',
      'read',
      '--policy',
      'access=10m',
      'rotate.at_most_every=30s',
    )
    const changed = await json(['client', 'set', client_id, '--identifier', 'OLD-2', '--policy', 'access='])
    assert.deepEqual(changed.scopes, ['read'])
    assert.deepEqual(changed.policy, { rotate: { at_most_every: '30s' } })
    assert.match(await failing(['client', 'set', client_id, '--identifier', 'OLD-2']), /so already/)
    assert.deepEqual((await json(['client', 'set', client_id, '--identifier', 'none'])).identifiers, [])
    assert.match(await failing(['client', 'show', 'OLD-2']), /no such client/)
  })

  test('a password comes by stdin, and no output holds it or its hash', async () => {
    const added = await run(['user', 'add', '--username', 'alice', '--password'], 'a long password\n')
    const listed = await run(['user', 'list', '--json'])
    assert.equal(added.status, 0, added.stderr)
    for (const { stdout, stderr } of [added, listed])
      assert.doesNotMatch(stdout + stderr, /argon2|long password/)
    assert.match(await failing(['user', 'set-password', 'alice'], 'short\n'), /at least 8/)
    assert.equal((await json(['user', 'disable', 'alice'])).status, 'disabled')
  })

  test('user unlock: a lock is shown while it holds, and lifted once', async () => {
    const { id } = await json(['user', 'add', '--username', 'lena'])
    const database = await openSqlite(settings.database.slice('sqlite:'.length))
    const at = Math.floor(Date.now() / 1000) * 1000
    const actor = { actor: 'tokenferry', address: undefined, requestId: undefined }
    const failed = { write: 'note_failed_sign_in', name: 'any', userId: String(id), at, actor } as const
    for (let one = 0; one < 10; one += 1) assert.equal(await sqlStore(database).commit([failed]), 'committed')
    await database.close()
    const until = new Date(at + 900_000).toISOString().replace('.000Z', 'Z')
    assert.ok((await run(['user', 'list'])).stdout.includes(`until ${until}`))
    assert.equal((await json(['user', 'unlock', 'lena'])).id, id)
    assert.doesNotMatch((await run(['user', 'list'])).stdout, /until/)
    assert.match(await failing(['user', 'unlock', 'lena']), /not locked/)
    assert.match(await failing(['user', 'unlock', 'nobody']), /no such user/)
  })
})

suite('command line: who governs the apps of an organization', () => {
  test('members become admins, apps are barred and let in, and each is said once', async () => {
    const { client_id } = await addApp()
    await json(['organization', 'add', '--id', 'acme', '--name', 'Acme'])
    const { id } = await json(['user', 'add', '--username', 'carla', '--admin-of', 'acme'])
    const member = ['organization', 'member']
    const list = async (...args: readonly string[]) => JSON.parse((await run([...args, '--json'])).stdout)
    const listed = await list(...member, 'list', 'acme')
    assert.deepEqual(
      listed.map(({ id, role }: Record<string, string>) => [id, role]),
      [[id, 'admin']],
    )
    const set = [...member, 'set', 'acme', 'carla']
    assert.match(await failing([...set, '--role', 'admin']), /is admin there already/)
    assert.equal((await json(set)).role, 'member')
    assert.match(await failing([...member, 'set', 'acme', 'nobody']), /no such user/)
    assert.match(await failing([...member, 'list', 'nowhere']), /no such organization/)
    assert.equal((await json([...member, 'remove', 'acme', 'carla'])).role, 'none')
    assert.match(await failing([...member, 'remove', 'acme', 'carla']), /no member there/)

    assert.equal((await json(['organization', 'bar', 'acme', client_id])).barred, true)
    assert.match(await failing(['organization', 'bar', 'acme', client_id]), /already/)
    const [barred] = await list('organization', 'barred', 'acme')
    assert.equal(barred.clientId, client_id)
    assert.equal((await json(['organization', 'unbar', 'acme', client_id])).barred, false)
    assert.match(await failing(['organization', 'unbar', 'acme', client_id]), /not barred/)
    assert.match(await failing(['organization', 'bar', 'acme', 'nobody']), /no such organization or client/)
  })
})

suite('command line: help and warnings', { concurrency: 2 }, () => {
  test('a duration in the help is written as an operator would', async () => {
    const { stdout } = await run(['client', 'rotate-secret', '--help'])
    assert.match(stdout, /\(default: 7d\)/)
  })

  test('a client whose dialect is mounted nowhere is added with a warning', async () => {
    const { status, stderr } = await run(['client', 'add', '--dialect', 'dch', '--name', 'An app'])
    assert.equal(status, 0)
    assert.match(stderr, /^Warning: dch is mounted nowhere/)
  })

  test('grants that come to nothing are allowed with a warning', async () => {
    const add = ['client', 'add', '--name', 'An app', '--policy', 'direct_grants=otp', '--dialect']
    const { stderr: standard } = await run([...add, 'standard'])
    assert.match(standard, /standard has no such grants, so direct_grants of \S+ mean nothing/)
    const { stderr: open } = await run([...add, 'concur', '--type', 'public'])
    assert.match(open, /has no secret, so it gets nothing by direct_grants/)
    const { stderr: good } = await run([...add, 'concur'])
    assert.doesNotMatch(good, /direct_grants/)
  })
})

suite('command line: mistakes', { concurrency: 2 }, () => {
  const wrongs: readonly [
    name: string,
    args: readonly string[],
    says: RegExp,
    env?: Record<string, string>,
  ][] = [
    ['an unknown command', ['frob'], /unknown command 'frob'/],
    ['an unknown option', ['client', 'list', '--frob'], /--frob/],
    ['a configuration that is not there', ['client', 'list', '--config', join(folder, 'no')], /--config/],
    ['no root secret', ['serve'], /CLI_TEST_ROOT_SECRET is not set/, { CLI_TEST_ROOT_SECRET: '' }],
    ['a malformed root secret', ['serve'], /64 hex digits/, { CLI_TEST_ROOT_SECRET: 'abc' }],
    ['another root secret', ['serve'], /does not open/, { CLI_TEST_ROOT_SECRET: 'ab'.repeat(32) }],
    ['an unknown connection', ['connection', 'revoke', '17'], /no connection of this number/],
    ['one to be confirmed', ['connection', 'confirm', '17'], /no connection of this number/],
    ['a time without a zone', ['db', 'restored', '--to', '2026-05-01T12:00'], /with its zone/],
    ['a time that lies ahead', ['db', 'restored', '--to', '2999-01-01'], /lies ahead/],
    ['a time before there was a database', ['db', 'restored', '--to', '2019-01-01'], /before the database/],
    ['a copy that is not there', ['db', 'restore', join(folder, 'no.db')], /no file/],
    ['the database as its own copy', ['db', 'restore', join(folder, 'tokenferry.db')], /the database itself/],
    ['a policy that does not exist', ['client', 'set', 'x', '--policy', 'frob=1'], /no such setting/],
    ['destroying the current version', ['key', 'destroy', '1'], /in use/],
    ['a legacy token that nobody imported', ['legacy', 'show'], /no such legacy token/],
    ['recovering since no time', ['client', 'recover', 'x'], /--since/],
  ]
  for (const [name, args, says, env] of wrongs) {
    test(`${name}: one line, and a status that scripts see`, async () => {
      assert.match(await failing(args, 'frob\n', env), says)
    })
  }

  test('a file that is no database, and a folder that is not there', async () => {
    const path = join(folder, 'text.db')
    writeFileSync(path, 'this is no database, but it is long enough to be read as one'.repeat(20))
    for (const database of [path, join(folder, 'no/where.db')]) {
      const other = join(folder, 'other.yaml')
      const config = { public_url: 'http://127.0.0.1:4000', ...settings, database: `sqlite:${database}` }
      writeFileSync(other, JSON.stringify(config))
      const says = database === path ? /is damaged \(file is not a database\)/ : /cannot be used/
      assert.match(await failing(['client', 'list', '--config', other]), says)
      const doctor = await run(['doctor', '--config', other])
      assert.equal(doctor.status, 1)
      assert.match(doctor.stdout, /^fail {2}/m)
    }
  })
})

suite('command line: a running server', () => {
  let server: ServerProcess
  let app: App

  before(async () => {
    app = await addApp('--scope', 'read')
    const tokens = ['reset', 'revoke', 'connection', 'waits', 'window', 'leak-1', 'leak-2', 'purge']
    const rows = tokens.map((token) => `cli-test-legacy-token-${token},user-${token},read`)
    writeFileSync(join(folder, 'tokens.csv'), ['token,user,scopes', ...rows].join('\n'))
    const done = await run(['import', join(folder, 'tokens.csv'), '--dialect', 'standard'])
    assert.equal(done.status, 0, done.stderr)
    server = await startServer({ folder, config: settings, env: { CLI_TEST_ROOT_SECRET: rootSecret } })
  })

  const token = (name: string) => `cli-test-legacy-token-${name}`

  async function ask(form: Record<string, string>, client = app) {
    const body = new URLSearchParams({ ...client, ...form })
    const answer = await fetch(`${server.base}/oauth2/token`, { method: 'POST', body })
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
  }
  const exchange = (name: string, client = app) =>
    ask(
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:tokenferry:params:oauth:token-type:legacy',
        subject_token: token(name),
      },
      client,
    )
  const refresh = (refreshToken: unknown) =>
    ask({ grant_type: 'refresh_token', refresh_token: String(refreshToken) })

  test('legacy reset: the token becomes another refresh token, and the old grant has ended', async () => {
    const first = await exchange('reset')
    assert.equal(first.status, 200)
    assert.equal((await exchange('reset')).json.refresh_token, first.json.refresh_token)
    await json(['legacy', 'reset'], `${token('reset')}\n`)
    const second = await exchange('reset')
    assert.notEqual(second.json.refresh_token, first.json.refresh_token)
    assert.equal((await refresh(first.json.refresh_token)).status, 400)
    assert.equal((await refresh(second.json.refresh_token)).status, 200)
    const shown = await run(['legacy', 'show'], token('reset'))
    assert.match(shown.stdout, /^status +exchanged$/m)
    assert.match(shown.stdout, new RegExp(`^exchanged_by +${app.client_id}$`, 'm'))
    assert.match(shown.stdout, /^resets +1$/m)
  })

  test('legacy revoke: neither the token nor what came of it is good', async () => {
    const { json: pair } = await exchange('revoke')
    await json(['legacy', 'revoke'], token('revoke'))
    assert.equal((await exchange('revoke')).status, 400)
    assert.equal((await refresh(pair.refresh_token)).status, 400)
  })

  test('connection revoke: its grants have ended', async () => {
    const { json: pair } = await exchange('connection')
    const listed = await run(['connection', 'list', '--user', 'user-connection', '--json'])
    const [connection] = JSON.parse(listed.stdout)
    await json(['connection', 'revoke', String(connection.number)])
    assert.equal((await refresh(pair.refresh_token)).status, 400)
    assert.equal((await exchange('connection')).status, 400)
  })

  test('connection confirm: what waited for its user is confirmed, once', async () => {
    const waiting = await addApp('--scope', 'read', '--policy', 'confirmation=required')
    const { json: pair } = await exchange('waits', waiting)
    assert.match(String(pair.access_token), /^tfa_/)
    const list = ['connection', 'list', '--client', waiting.client_id]
    const [connection] = JSON.parse((await run([...list, '--json'])).stdout)
    assert.match((await run(list)).stdout, /CONFIRMATION .*\n.* live +pending /)
    const confirm = ['connection', 'confirm', String(connection.number)]
    assert.deepEqual(await json(confirm), { number: connection.number, confirmation: 'confirmed' })
    assert.match(await failing(confirm), /waits for nobody/)
    const form = { grant_type: 'refresh_token', refresh_token: String(pair.refresh_token) }
    assert.match(String((await ask(form, waiting)).json.access_token), /^ey/)
    await json(['connection', 'revoke', String(connection.number)])
    assert.match(await failing(confirm), /is revoked/)
    assert.match((await run(list)).stdout, /CONFIRMATION .*\n.* revoked +- /)
  })

  test('client disable --exchange: refreshes go on', async () => {
    const { json: pair } = await exchange('window')
    const disabled = await run(['client', 'disable', app.client_id, '--exchange'])
    assert.equal(disabled.stdout, `${app.client_id} exchange off\n`)
    assert.equal((await exchange('purge')).status, 400)
    assert.equal((await refresh(pair.refresh_token)).status, 200)
    await json(['client', 'enable', app.client_id, '--exchange'])
    assert.equal((await exchange('purge')).status, 200)
  })

  test('client rotate-secret: both secrets are good during the overlap, and one after none', async () => {
    const other = await addApp('--scope', 'read')
    const id = other.client_id
    const { client_secret } = await json(['client', 'rotate-secret', id])
    const withSecret = async (secret: string) =>
      (await ask({ grant_type: 'client_credentials' }, { client_id: id, client_secret: secret })).status
    assert.deepEqual(
      [await withSecret(other.client_secret), await withSecret(String(client_secret))],
      [200, 200],
    )
    const last = String((await json(['client', 'rotate-secret', id, '--overlap', '0s'])).client_secret)
    assert.deepEqual(
      [
        await withSecret(other.client_secret),
        await withSecret(String(client_secret)),
        await withSecret(last),
      ],
      [401, 401, 200],
    )
  })

  test('client recover --since: what was exchanged since then ends, the rest lives on', async () => {
    const other = await addApp('--scope', 'read')
    const before = await exchange('leak-1', other)
    const since = new Date(Date.now() + 1).toISOString()
    // The next millisecond, so that the second grant is made since then and the first before.
    while (Date.now() < Date.parse(since));
    const after = await exchange('leak-2', other)
    const recovered = await json(['client', 'recover', other.client_id, '--since', since])
    assert.deepEqual(recovered, { legacyTokensReset: 1, otherGrantsEnded: 0 })
    const again = async (answer: typeof before) =>
      (await ask({ grant_type: 'refresh_token', refresh_token: String(answer.json.refresh_token) }, other))
        .status
    assert.deepEqual([await again(before), await again(after)], [200, 400])
    const anew = await exchange('leak-2', other)
    assert.notEqual(anew.json.refresh_token, after.json.refresh_token)
    const all = await json(['client', 'recover', other.client_id, '--all'])
    assert.deepEqual(all, { legacyTokensReset: 2, otherGrantsEnded: 0 })
    assert.deepEqual([await again(before), await again(anew)], [400, 400])
    assert.equal((await exchange('leak-1', other)).status, 200)
  })

  test('db backup: a copy that its owner alone reads, and that is never written over', async () => {
    const copy = join(folder, 'copy.db')
    await json(['db', 'backup', copy])
    assert.equal(statSync(copy).mode & 0o777, 0o600)
    assert.match(await failing(['db', 'backup', copy]), /there already/)
  })

  test('doctor: finds nothing that fails', async () => {
    const done = await run(['doctor'])
    assert.equal(done.status, 0, done.stdout)
    assert.match(done.stdout, /^ok {4}keys/m)
  })

  test('serve: a port that is taken is one line, and a signal ends the server in order', async () => {
    assert.match(await failing(['serve', '--port', new URL(server.base).port]), /is taken/)
    assert.equal(await server.kill('SIGTERM'), 0)
    assert.doesNotMatch(server.output(), /rror/)
  })
})
