/** `tokenferry webhook` as an operator runs it, with an app that listens on the loopback. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import type { AppServer } from '../testing/app-server.ts'
import { appServer } from '../testing/app-server.ts'
import { readCallback } from './webhook-client.ts'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-webhook-'))
const configPath = join(folder, 'tokenferry.yaml')
const rootSecret = randomBytes(32).toString('hex')
const settings = {
  public_url: 'http://127.0.0.1:4000',
  database: `sqlite:${join(folder, 'tokenferry.db')}`,
  root_secret: 'env:WEBHOOK_TEST_ROOT_SECRET',
  mounts: [
    { dialect: 'standard', prefix: '/' },
    { dialect: 'pipedrive', prefix: '/pipedrive' },
  ],
  callbacks: { allow_private: ['127.0.0.0/8'] },
}

type Done = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

async function run(...args: readonly string[]): Promise<Done> {
  const child = spawn(process.execPath, [binary, ...args], {
    env: { ...process.env, WEBHOOK_TEST_ROOT_SECRET: rootSecret, TOKENFERRY_CONFIG: configPath },
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

async function succeed(...args: readonly string[]): Promise<Done> {
  const done = await run(...args)
  assert.equal(done.status, 0, done.stderr)
  return done
}

/** The line on stderr of a command that must fail. */
async function failing(...args: readonly string[]): Promise<string> {
  const { status, stderr } = await run(...args)
  assert.equal(status, 1)
  return stderr
}

const add = (id: string, dialect: string): Promise<Done> =>
  succeed('client', 'add', '--dialect', dialect, '--name', id, '--id', id)

let app: AppServer
before(async () => {
  writeFileSync(configPath, JSON.stringify(settings))
  app = await appServer()
  await add('signed', 'standard')
  await add('called', 'pipedrive')
})
after(async () => {
  await app.close()
  rmSync(folder, { recursive: true, force: true })
})

suite('tokenferry webhook', () => {
  let secret = ''

  test('an app that is told nothing is said to be, and how to begin', async () => {
    assert.match(await failing('webhook', 'show', 'signed'), /tokenferry webhook set signed/)
  })

  test('set, secret, test: the app verifies what comes with what the operator was told', async () => {
    const set = await succeed('webhook', 'set', 'signed', app.url)
    assert.match(set.stderr, /tokenferry webhook secret signed/)
    assert.match(set.stdout, /^events +all$/m)
    secret = (await succeed('webhook', 'secret', 'signed')).stdout.trim()
    assert.match((await succeed('webhook', 'show', 'signed')).stdout, /^secrets +one, in use$/m)
    assert.match((await succeed('webhook', 'test', 'signed')).stdout, /^webhook_id +msg_/m)
    const tried = JSON.parse((await succeed('webhook', 'test', 'signed', '--json')).stdout)
    assert.equal(tried.status, 204)
    const heard = app.heard.at(-1) ?? assert.fail('nothing came')
    assert.equal(heard.headers['webhook-id'], tried.webhookId)
    const headers = Object.entries(heard.headers).map(([name, value]) => [name, String(value)])
    const message = new Webhook(secret).verify(heard.body, Object.fromEntries(headers))
    assert.deepEqual(Object.keys(Object(message)), ['type', 'timestamp', 'data'])
    assert.match(heard.body, /^\{"type":"ping",/)
  })

  test('rotate-secret: the one before it signs, too, and both are said again', async () => {
    const fresh = (await succeed('webhook', 'rotate-secret', 'signed')).stdout.trim()
    const both = JSON.parse((await succeed('webhook', 'secret', 'signed', '--json')).stdout)
    assert.deepEqual(
      both.map((one: { secret: string }) => one.secret),
      [fresh, secret],
    )
    assert.ok(Date.parse(both[1].until) > Date.now())
    const { stdout } = await succeed('webhook', 'show', 'signed')
    assert.match(stdout, /^secrets +two; the older until \d{4}-/m)
  })

  test('test: an answer that is no yes ends with a status other than 0', async () => {
    app.answer(500)
    assert.match(await failing('webhook', 'test', 'signed'), /answered 500/)
    app.answer(204)
  })

  test('set: kinds are checked, and those that are named are shown', async () => {
    assert.match(await failing('webhook', 'set', 'signed', app.url, '--event', 'frob'), /grant\.created/)
    await succeed('webhook', 'set', 'signed', app.url, '--event', 'grant.revoked', 'refresh_token.reused')
    const { stdout } = await succeed('client', 'show', 'signed')
    assert.match(stdout, /^callback_events +grant\.revoked refresh_token\.reused$/m)
  })

  test('remove: its secrets end, and a later webhook has another', async () => {
    await succeed('webhook', 'remove', 'signed')
    await succeed('webhook', 'set', 'signed', app.url)
    const later = (await succeed('webhook', 'secret', 'signed')).stdout.trim()
    assert.match(later, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.notEqual(later, secret)
  })

  test('where the call shows the own secret of the app, a copy of the next one is kept', async () => {
    const set = await succeed('webhook', 'set', 'called', app.url)
    assert.match(set.stderr, /tokenferry client rotate-secret called/)
    assert.match(set.stdout, /^sealed_secret +no$/m)
    await succeed('client', 'rotate-secret', 'called')
    assert.match((await succeed('webhook', 'show', 'called')).stdout, /^sealed_secret +yes$/m)
    assert.match(await failing('webhook', 'secret', 'called'), /not signed/)
    assert.match(await failing('webhook', 'test', 'called'), /cannot be tried/)
  })
})

suite('the address of a callback, as an operator types it', () => {
  const read = (url: string, ...allowed: readonly string[]) =>
    readCallback(url, { callbacks: { allow_private: [...allowed] } })

  test('it is kept in its usual spelling', () => {
    assert.equal(read('HTTPS://App.example:443'), 'https://app.example/')
    assert.equal(read('http://0x7f.1:4100/hook', '127.0.0.0/8'), 'http://127.0.0.1:4100/hook')
  })

  const wrongs: readonly (readonly [url: string, says: RegExp])[] = [
    ['https://10.0.0.1/', /not public/],
    ['http://app.example/', /allow_private/],
    ['https://user:secret@app.example/', /user name/],
    ['https://app.example/#here', /fragment/],
    ['app.example', /no URL/],
  ]
  for (const [url, says] of wrongs) {
    test(`${url} is refused`, () => {
      assert.throws(() => read(url), { name: 'CommandError', message: says })
    })
  }
})
