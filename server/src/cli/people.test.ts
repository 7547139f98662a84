/** What the operator changes of users and organizations: regions, allowed addresses, bars. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const binary = fileURLToPath(new URL('../../bin/tokenferry.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tokenferry-people-'))
const config = join(folder, 'tokenferry.yaml')
const settings = {
  public_url: 'http://127.0.0.1:4000',
  region: 'us',
  regions: { us: 'http://127.0.0.1:4000', eu: 'http://127.0.0.1:4001' },
  database: `sqlite:${join(folder, 'tokenferry.db')}`,
  root_secret: 'env:PEOPLE_TEST_ROOT_SECRET',
  mounts: [{ dialect: 'concur', prefix: '/' }],
  log: 'silent',
}

async function run(...args: readonly string[]) {
  const child = spawn(process.execPath, [binary, ...args, '--config', config], {
    env: { ...process.env, PEOPLE_TEST_ROOT_SECRET: rootSecret },
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
const rootSecret = randomBytes(32).toString('hex')

async function json(...args: readonly string[]) {
  const { status, stdout, stderr } = await run(...args, '--json')
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

async function failing(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...args)
  assert.notEqual(status, 0, stdout)
  return stderr
}

before(async () => {
  writeFileSync(config, JSON.stringify(settings))
  await json(
    'organization',
    'add',
    '--id',
    'acme',
    '--name',
    'Acme',
    '--allow-address',
    '192.0.2.0/24',
    '::1',
  )
  await json('user', 'add', '--id', 'u-17', '--username', 'alice', '--region', 'us', '--organization', 'acme')
})
after(() => rmSync(folder, { recursive: true, force: true }))

suite('command line: what is known of people', () => {
  test('a list that goes on says so, and one is found by name', async () => {
    await json('user', 'add', '--id', 'u-18', '--username', 'ben')
    const first = await run('user', 'list', '--limit', '1')
    assert.match(first.stdout, /^u-17 .*alice/m)
    assert.equal(first.stderr, '1 are shown, and there are more: --after u-17\n')
    const rest = await run('user', 'list', '--limit', '1', '--after', 'u-17')
    assert.match(rest.stdout, /^u-18 .*ben/m)
    assert.equal(rest.stderr, '')
    assert.match((await run('user', 'show', 'alice')).stdout, /^organizations +acme \(member\)$/m)
    assert.match(await failing('user', 'show', 'nobody'), /There is no such user/)
  })

  test('the newest events are listed by how many', async () => {
    const [newest] = (await json('events', 'list')).slice(-1)
    assert.deepEqual(await json('events', 'list', '--last', '1'), [newest])
    assert.match((await run('events', 'list', '--limit', '1')).stderr, /^1 are shown, .*--after 1\n$/)
    assert.equal((await run('events', 'list', '--last', '1')).stderr, '')
  })

  test('a user moves to another region and back to where the organization is', async () => {
    assert.equal((await json('user', 'set', 'alice', '--region', 'eu')).region, 'eu')
    assert.match((await run('user', 'list')).stdout, /REGION\n.* eu\n/)
    assert.equal((await json('user', 'set', 'u-17', '--no-region')).region, undefined)
    assert.match(
      await failing('user', 'set', 'alice', '--no-region'),
      /^tokenferry: The user is so already\.\n$/,
    )
    assert.match(await failing('user', 'set', 'bob', '--region', 'eu'), /There is no such user\./)
  })

  test('a region that the configuration does not name is refused, and those that there are, said', async () => {
    const said = /^tokenferry: There is no region ue in the configuration; there are us, eu\.\n$/
    assert.match(await failing('user', 'set', 'alice', '--region', 'ue'), said)
    assert.match(await failing('user', 'add', '--username', 'bob', '--region', 'ue'), said)
    assert.match(await failing('organization', 'set', 'acme', '--region', 'ue'), said)
    assert.match(await failing('organization', 'add', '--name', 'Other', '--region', 'ue'), said)
  })

  test('the other fields of a user are changed, and taken away', async () => {
    const set = ['--email', 'alice@acme.example', '--name', 'Alice Archer', '--language', 'de']
    const { email, name, language } = await json('user', 'set', 'alice', ...set)
    assert.deepEqual([email, name, language], ['alice@acme.example', 'Alice Archer', 'de'])
    const after = await json('user', 'set', 'alice', '--email', 'none', '--language', 'none')
    assert.deepEqual([after.email, after.language, after.name], [undefined, undefined, 'Alice Archer'])
    assert.match(await failing('user', 'set', 'alice', '--language', 'Deutsch!'), /en or de-AT/)
  })

  test('an organization says from where it may be asked for, and anywhere again', async () => {
    const [added] = await json('organization', 'list')
    assert.deepEqual(added.allowedAddresses, ['192.0.2.0/24', '::1'])
    const set = await json(
      'organization',
      'set',
      'acme',
      '--allow-address',
      '2001:db8::/32',
      '--region',
      'eu',
    )
    assert.deepEqual([set.allowedAddresses, set.region], [['2001:db8::/32'], 'eu'])
    assert.match((await run('organization', 'list')).stdout, /2001:db8::\/32/)
    assert.match(
      await failing('organization', 'set', 'acme', '--allow-address', '192.0.2.0/33'),
      /192\.0\.2\.0\/33 is no address and no range: write 192\.0\.2\.0\/24/,
    )
    const both = ['--allow-any-address', '--allow-address', '::1']
    assert.match(await failing('organization', 'set', 'acme', ...both), /not both/)
    const open = await json(
      'organization',
      'set',
      'acme',
      '--allow-any-address',
      '--no-region',
      '--name',
      'Ace',
    )
    assert.deepEqual([open.allowedAddresses, open.region, open.name], [[], undefined, 'Ace'])
  })

  test('a user is barred from an app, listed as such, and let back in', async () => {
    const { client_id: id } = await json('client', 'add', '--dialect', 'concur', '--name', 'App')
    assert.deepEqual(await json('user', 'bar', 'alice', id), { userId: 'u-17', clientId: id, barred: true })
    assert.match(await failing('user', 'bar', 'u-17', id), /is barred from the app already/)
    const [barred] = await json('user', 'barred', 'alice')
    assert.equal(barred.clientId, id)
    assert.match(await failing('user', 'bar', 'alice', 'nothing'), /There is no such user or client/)
    await json('user', 'unbar', 'alice', id)
    assert.match((await run('user', 'barred', 'alice')).stderr, /may use every app/)
    assert.match(await failing('user', 'unbar', 'alice', id), /is not barred from the app/)
    assert.match(await failing('user', 'barred', 'nobody'), /There is no such user/)
  })
})
