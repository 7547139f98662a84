/** Request tokens and enabled apps, from the command that makes them to the pair: real processes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decodeJwt } from 'jose'
import { decodeBase62 } from '../kernel/base62.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-request-token-'))
const env = { REQUEST_TOKEN_TEST_ROOT_SECRET: randomBytes(32).toString('hex') }
after(() => rmSync(folder, { recursive: true, force: true }))

let server: ServerProcess
let configPath: string

async function run(...args: readonly string[]) {
  const child = spawn(process.execPath, [binary, ...args, '--config', configPath], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      output[name] += chunk.toString()
    })
  }
  await once(child, 'close')
  return { status: child.exitCode, ...output }
}

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const done = await run(...args, '--json')
  assert.equal(done.status, 0, done.stderr)
  return JSON.parse(done.stdout)
}

async function failing(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...args)
  assert.equal(status, 1, stdout)
  assert.match(stderr, /^tokenferry: [^\n]+\n$/)
  return stderr
}

type App = { readonly client_id: string; readonly client_secret: string }
type Made = { readonly subjectId: string; readonly requestToken: string }
type Answer = { readonly status: number; readonly body: Record<string, unknown> }

async function anApp(...policy: readonly string[]): Promise<App> {
  const settings = policy.length === 0 ? [] : ['--policy', ...policy]
  const scopes = ['--scope', 'LIST', 'EXPRPT']
  const made = await json('client', 'add', '--dialect', 'concur', '--name', 'An app', ...scopes, ...settings)
  return { client_id: String(made.client_id), client_secret: String(made.client_secret) }
}

async function aToken(app: App, ...more: readonly string[]): Promise<Made> {
  const of = ['--client', app.client_id, '--organization', 'acme']
  const made = await json('request-token', 'add', ...of, ...more)
  return { subjectId: String(made.subjectId), requestToken: String(made.requestToken) }
}

async function ask(form: Readonly<Record<string, string>>): Promise<Answer> {
  const answer = await fetch(`${server.base}/concur/oauth2/v0/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

const redeem = (app: App, { subjectId, requestToken }: Made, more = {}): Promise<Answer> =>
  ask({
    ...app,
    grant_type: 'password',
    credtype: 'authtoken',
    username: subjectId,
    password: requestToken,
    ...more,
  })

before(async () => {
  const config = {
    database: `sqlite:${join(folder, 'tokenferry.db')}`,
    root_secret: 'env:REQUEST_TOKEN_TEST_ROOT_SECRET',
    mounts: [
      { dialect: 'concur', prefix: '/concur' },
      { dialect: 'standard', prefix: '/' },
    ],
  }
  server = await startServer({ folder, config, env })
  configPath = server.configPath
  for (const id of ['acme', 'other']) await json('organization', 'add', '--id', id, '--name', `${id} Ltd`)
  for (const [id, organization] of [
    ['u42', 'acme'],
    ['u43', 'other'],
  ] as const)
    await json('user', 'add', '--id', id, '--username', `${id}@acme.example`, '--organization', organization)
})

suite('a request token', () => {
  let app: App
  before(async () => {
    app = await anApp('direct_grants=authtoken')
  })

  test('is printed once, with when it ends and what the app sends, and no list says it', async () => {
    const of = ['--client', app.client_id, '--organization', 'acme']
    const { stdout, stderr } = await run('request-token', 'add', ...of)
    const [, token = ''] = /^request_token +(tfq_\w+)$/m.exec(stdout) ?? assert.fail(stdout)
    assert.match(stdout, /^subject_id +acme$/m)
    assert.match(stdout, /^expires +20\d\d-\d\d-\d\dT[\d:]{8}/m)
    assert.match(stdout, /^scopes +LIST EXPRPT$/m)
    assert.ok(stdout.includes(`POST ${server.base}/concur/oauth2/v0/token`))
    for (const line of ['grant_type=password', 'credtype=authtoken', 'username=acme', `password=${token}`])
      assert.ok(stdout.includes(`  ${line}\n`), line)
    assert.match(stderr, /^The token is shown once: /)
    for (const more of [[], ['--json'], ['--client', app.client_id, '--organization', 'acme']]) {
      const listed = await run('request-token', 'list', ...more)
      assert.equal(listed.status, 0, listed.stderr)
      assert.ok(listed.stdout.includes(app.client_id) && !listed.stdout.includes('tfq_'))
      assert.ok(!listed.stdout.includes('hash'))
    }
    assert.match((await run('request-token', 'list')).stdout, /acme +- +20\S+Z +20\S+Z +0 of 5 +the operator/)
    assert.match((await run('request-token', 'list', '--client', 'none')).stderr, /no request tokens/)
  })

  test('brings the company’s pair, and the same one where the answer was lost, five times in all', async () => {
    const made = await aToken(app)
    const answers: Answer[] = []
    for (let at = 0; at < 5; at += 1) answers.push(await redeem(app, made))
    const [first] = answers
    assert.deepEqual(
      [first?.status, first?.body.geolocation],
      [200, `${server.base}/concur`],
      first?.body.error_description as string,
    )
    for (const { body } of answers) assert.equal(body.refresh_token, first?.body.refresh_token)
    assert.equal(new Set(answers.map(({ body }) => body.access_token)).size, 5)
    const claims = decodeJwt(String(first?.body.access_token))
    assert.deepEqual([claims['concur.type'], claims.sub], ['company', 'acme'])
    const sixth = await redeem(app, made)
    assert.deepEqual([sixth.status, sixth.body.code], [400, 19])
    const refresh = { ...app, grant_type: 'refresh_token', refresh_token: String(first?.body.refresh_token) }
    assert.equal((await ask(refresh)).status, 200)
  })

  test('twenty at once make one grant: five hear of the same pair, the others are refused', async () => {
    const made = await aToken(app)
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(app, made)))
    const good = answers.filter(({ status }) => status === 200)
    assert.equal(good.length, 5)
    assert.equal(new Set(good.map(({ body }) => body.refresh_token)).size, 1)
    for (const { status, body } of answers)
      if (status !== 200) assert.deepEqual([status, body.code], [400, 19])
  })

  test('brings nothing more once its pair was used, also after another was made', async () => {
    const made = await aToken(app)
    const first = await redeem(app, made)
    const refresh = { ...app, grant_type: 'refresh_token', refresh_token: String(first.body.refresh_token) }
    assert.equal((await ask(refresh)).status, 200)
    assert.equal((await redeem(app, made)).body.code, 19)
    const next = await aToken(app)
    const second = await redeem(app, next)
    assert.equal(second.status, 200)
    assert.notEqual(second.body.refresh_token, first.body.refresh_token)
    // Both grants live: the one before has not been ended by anybody.
    assert.equal((await ask(refresh)).status, 200)
  })

  test('that another one replaced, or that was ended, is worth nothing', async () => {
    const before = await aToken(app)
    const made = await aToken(app)
    assert.equal((await redeem(app, before)).body.code, 19)
    const of = ['--client', app.client_id, '--organization', 'acme']
    assert.equal((await json('request-token', 'revoke', ...of)).clientId, app.client_id)
    assert.equal((await redeem(app, made)).body.code, 19)
    assert.match(await failing('request-token', 'revoke', ...of), /no such request token/)
  })

  test('is the same after a key was rotated in between', async () => {
    const made = await aToken(app)
    const first = await redeem(app, made)
    assert.equal((await run('key', 'rotate')).status, 0)
    const again = await redeem(app, made)
    assert.equal(again.body.refresh_token, first.body.refresh_token)
    // One from before the rotation that nobody had used begins under the new version.
    const fresh = await redeem(app, await aToken(app))
    assert.equal(fresh.status, 200)
  })

  test('after an uninstall brings nothing, whether it was used or not; a new one brings it back', async () => {
    const made = await aToken(app)
    const first = await redeem(app, made)
    assert.equal(first.status, 200)
    const [connection] = (await json('connection', 'list', '--client', app.client_id)) as unknown as {
      number: number
    }[]
    const revoke = () => run('connection', 'revoke', String(connection?.number))
    assert.equal((await revoke()).status, 0)
    assert.equal((await redeem(app, made)).body.code, 19)
    const next = await aToken(app)
    assert.equal((await redeem(app, next)).status, 200)
    const unused = await aToken(app)
    assert.equal((await revoke()).status, 0)
    assert.equal((await redeem(app, unused)).body.code, 19)
  })

  test('of a user is theirs, and only in the organization that it was made for', async () => {
    const made = await aToken(app, '--user', 'u42')
    assert.equal(made.subjectId, 'u42')
    const wrong = await redeem(app, { ...made, subjectId: 'acme' })
    assert.equal(wrong.body.code, 19)
    const answer = await redeem(app, made)
    const claims = decodeJwt(String(answer.body.access_token))
    assert.deepEqual([claims['concur.type'], claims.sub], ['user', 'u42'])
    const of = ['--client', app.client_id, '--organization', 'acme']
    assert.match(await failing('request-token', 'add', ...of, '--user', 'u43'), /no such user in it/)
    assert.equal((await run('organization', 'member', 'remove', 'acme', 'u42')).status, 0)
    assert.equal((await redeem(app, made)).body.code, 19)
  })

  test('each refusal has its number, and costs the token nothing', async () => {
    const made = await aToken(app)
    const other = await anApp('direct_grants=authtoken,password')
    const told = async (asked: Promise<Answer>) => {
      const { status, body } = await asked
      return [status, body.code]
    }
    assert.deepEqual(await told(redeem(other, made)), [400, 19])
    assert.deepEqual(await told(redeem(await anApp(), made)), [400, 60])
    assert.deepEqual(await told(redeem(app, { ...made, subjectId: 'nobody' })), [400, 100])
    assert.deepEqual(await told(redeem(app, { ...made, subjectId: 'other' })), [400, 19])
    assert.deepEqual(await told(redeem(app, { ...made, requestToken: 'tfq_no-such' })), [400, 19])
    assert.deepEqual(await told(redeem(app, { ...made, subjectId: '' })), [400, 51])
    assert.deepEqual(await told(redeem(app, { ...made, requestToken: '' })), [400, 52])
    assert.deepEqual(await told(redeem(app, made, { scope: 'USER' })), [400, 54])
    assert.deepEqual(await told(redeem(app, made, { scope: '"' })), [400, 135])
    assert.deepEqual(await told(redeem(app, made, { proxies: 'u43' })), [400, 122])
    assert.deepEqual(await told(redeem(app, made, { credtype: 'other' })), [400, 60])
    assert.deepEqual(await told(redeem(other, made, { credtype: 'other' })), [400, 120])
    assert.equal((await run('organization', 'disable', 'acme')).status, 0)
    assert.deepEqual(await told(redeem(app, made)), [400, 11])
    assert.equal((await run('organization', 'enable', 'acme')).status, 0)
    const good = await redeem(app, made, { scope: 'LIST' })
    assert.deepEqual([good.status, good.body.scope], [200, 'LIST'])
    const [listed] = (await json('request-token', 'list', '--client', app.client_id)) as unknown as {
      uses: number
    }[]
    assert.equal(listed?.uses, 1)
  })

  test('is not made for an app that could do nothing with it; the command says what to do', async () => {
    const add = (client: string, organization = 'acme') =>
      failing('request-token', 'add', '--client', client, '--organization', organization)
    const bare = await anApp()
    assert.match(await add(bare.client_id), /client set \S+ --policy direct_grants=authtoken/)
    const elsewhere = await json(
      ...['client', 'add', '--dialect', 'standard', '--name', 'x', '--policy', 'direct_grants=authtoken'],
    )
    assert.match(await add(String(elsewhere.client_id)), /may not use request tokens/)
    assert.match(await add(app.client_id, 'nowhere'), /no such client or organization/)
    assert.equal((await run('organization', 'bar', 'acme', app.client_id)).status, 0)
    assert.match(await add(app.client_id), /organization unbar acme/)
    assert.equal((await run('organization', 'unbar', 'acme', app.client_id)).status, 0)
    assert.equal((await run('client', 'disable', app.client_id)).status, 0)
    assert.match(await add(app.client_id), /client enable/)
    assert.equal((await run('client', 'enable', app.client_id)).status, 0)
  })

  test('lies nowhere: not in the database, not in the log', async () => {
    const made = await aToken(app)
    const { body } = await redeem(app, made)
    const files = readdirSync(folder).filter((name) => name.startsWith('tokenferry.db'))
    const rest = files.map((name) => readFileSync(join(folder, name), 'latin1')).join('') + server.output()
    assert.ok(rest.includes('request_token_made') && rest.includes('redeem_request_token'))
    for (const credential of [made.requestToken, String(body.refresh_token), String(body.access_token)])
      assert.ok(!rest.includes(credential))
    const random = decodeBase62(made.requestToken.slice(4, -6), 32) ?? assert.fail('it is no base 62')
    for (const encoding of ['latin1', 'hex', 'base64', 'base64url'] as const)
      assert.ok(!rest.includes(random.toString(encoding)))
  })
})

suite('an app that must be enabled first', () => {
  test('gets nothing before, all after, and nothing new once that is ended', async () => {
    const app = await anApp('direct_grants=authtoken', 'organizations=enabled')
    const of = ['--client', app.client_id, '--organization', 'acme']
    assert.match(await failing('request-token', 'add', ...of), /organization enable-app acme/)
    const enabled = await json('organization', 'enable-app', 'acme', app.client_id)
    assert.deepEqual(enabled, { organizationId: 'acme', clientId: app.client_id, enabled: true })
    assert.match(
      await failing('organization', 'enable-app', 'acme', app.client_id),
      /enabled the app already/,
    )
    assert.match((await run('organization', 'enabled', 'acme')).stdout, /the operator/)
    const made = await aToken(app)
    const { body } = await redeem(app, made)
    assert.equal((await json('organization', 'disable-app', 'acme', app.client_id)).enabled, false)
    assert.match(await failing('organization', 'disable-app', 'acme', app.client_id), /not enabled the app/)
    const refused = await redeem(app, made)
    assert.deepEqual([refused.status, refused.body.code], [403, 53])
    // What is connected stays connected.
    const refresh = { ...app, grant_type: 'refresh_token', refresh_token: String(body.refresh_token) }
    assert.equal((await ask(refresh)).status, 200)
    assert.match((await run('organization', 'enabled', 'acme')).stderr, /has enabled no app/)
  })

  test('of another app, enabling is kept, and the command says that it needs none', async () => {
    const app = await anApp()
    const { status, stderr } = await run('organization', 'enable-app', 'other', app.client_id)
    assert.equal(status, 0)
    assert.match(stderr, /Every organization may connect this app as it is/)
    assert.match(
      await failing('organization', 'enable-app', 'other', 'nothing'),
      /no such organization or client/,
    )
    assert.match(await failing('organization', 'enabled', 'nowhere'), /no such organization/)
  })
})
