import assert from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { ImportError } from './columns.ts'
import type { ImportOptions, ImportSummary } from './import-file.ts'
import { importFile } from './import-file.ts'
import type { Counted } from './warnings.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenferry-import-'))
const digestKey = 'the key of the old world'
process.env.TOKENFERRY_TEST_DIGEST_KEY = digestKey
after(() => rmSync(folder, { recursive: true }))

let here: TestDeployment
let client: string
let secret: string

const open = async (): Promise<void> => {
  here = await testDeployment({ config: { legacy: { hmac_key: 'env:TOKENFERRY_TEST_DIGEST_KEY' } } })
  const section = here.sections.standard
  client = String(section?.client_id)
  secret = String(section?.client_secret)
}

const path = join(folder, 'file.csv')
async function run(text: string | Buffer, options: Partial<ImportOptions> = {}): Promise<ImportSummary> {
  writeFileSync(path, text)
  return importFile(
    {
      path,
      kind: 'tokens',
      format: undefined,
      mappings: [],
      dialect: undefined,
      client: undefined,
      digestKind: undefined,
      dryRun: false,
      actor: { actor: 'a test', address: undefined, requestId: undefined },
      ...options,
    },
    here.deployment,
  )
}

const refusedLines = (): string[] =>
  existsSync(`${path}.refused.csv`)
    ? readFileSync(`${path}.refused.csv`, 'utf8').trimEnd().split('\n').slice(1)
    : []

const newToken = (): string => `old_${randomBytes(20).toString('hex')}`

async function exchange(token: string) {
  await here.deployment.keyRing.reread()
  return here.request('', {
    path: '/oauth2/token',
    body: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token_type: 'urn:tokenferry:params:oauth:token-type:legacy',
      subject_token: token,
      client_id: client,
      client_secret: secret,
    },
  })
}

const statuses = async (): Promise<Record<string, number>> => {
  const counts = await here.deployment.store.countLegacyTokens()
  const mine = counts.filter(({ clientId }) => clientId === client)
  return Object.fromEntries(mine.map(({ status, count }) => [status, count]))
}

suite('import of legacy tokens', () => {
  before(open)
  after(() => here.close())

  test('a token comes in with all that its row says, and is exchanged', async () => {
    const token = newToken()
    const summary = await run(
      `token,client,user,organization,scopes,created,last_used\n${token},${client},u1,o1,read,2020-01-01,1600000000000\n`,
    )
    assert.deepEqual([summary.rows, summary.cameIn, summary.already, summary.refused], [1, 1, 0, 0])
    const answer = await exchange(token)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.json.scope, 'read')
  })

  test('a run is told by one event', async () => {
    const events = await here.deployment.store.listEvents(0, 1000)
    const told = events.filter(({ kind }) => kind === 'import_finished')
    assert.equal(told.length, 1)
    assert.equal(told[0]?.detail, 'tokens of file.csv: 1 rows, 1 came in, 0 already, 0 refused')
  })

  test('NDJSON comes in too, with its own names, and an empty list of scopes stays empty', async () => {
    const [first, second] = [newToken(), newToken()]
    const lines = [
      { api_key: first, client, owner: 7, scopes: ['read'], notes: { left: 'out' } },
      { api_key: second, client, owner: 8, scopes: [], expires: null },
    ]
    const summary = await run(lines.map((line) => JSON.stringify(line)).join('\n'), {
      mappings: ['api_key=token', 'owner=user', 'notes=-'],
    })
    assert.deepEqual([summary.cameIn, summary.refused], [2, 0])
    assert.equal((await exchange(first)).json.scope, 'read')
    assert.equal((await exchange(second)).json.scope, '')
  })

  test('a byte order mark, CRLF and other letters are taken as they are meant', async () => {
    const token = `${newToken()}é`
    const summary = await run(`\ufefftoken,client,user\r\n"${token}",${client},Zoë\r\n`)
    assert.deepEqual([summary.cameIn, summary.refused], [1, 0])
    assert.equal((await exchange(token)).status, 200)
  })

  for (const [kind, digest] of [
    ['sha256', (token: string) => createHash('sha256').update(token).digest('hex')],
    ['sha1', (token: string) => createHash('sha1').update(token).digest('base64')],
    ['md5', (token: string) => createHash('md5').update(token).digest('hex')],
    ['hmac-sha256', (token: string) => createHmac('sha256', digestKey).update(token).digest('base64url')],
    [
      'sha256/after:|',
      (token: string) =>
        createHash('sha256')
          .update(token.split('|')[1] ?? '')
          .digest('hex'),
    ],
  ] as const) {
    test(`a digest (${kind}) comes in, and the token in the clear is exchanged by it`, async () => {
      const token = `12|${newToken()}`
      const summary = await run(`digest,digest_kind,client,user\n${digest(token)},${kind},${client},u\n`)
      assert.deepEqual([summary.cameIn, summary.refused], [1, 0])
      const answer = await exchange(token)
      assert.equal(answer.status, 200, answer.text)
      const again = await run(`token,client,user\n${token},${client},u\n`)
      assert.deepEqual([again.cameIn, again.already], [0, 1], 'the same token in the clear stays out')
    })
  }

  test('a weak token that names its client comes in with a warning', async () => {
    const { cameIn, warnings } = await run(`token,client\nshort-1234,${client}\n`)
    assert.deepEqual([cameIn, warnings?.weak], [1, 1])
  })

  test('scopes that the client may not have are warned of', async () => {
    const { cameIn, warnings } = await run(`token,client,scopes\n${newToken()},${client},read admin\n`)
    assert.deepEqual([cameIn, warnings?.beyond], [1, 1])
    assert.deepEqual([...(warnings?.beyondNames ?? [])], [`admin (${client})`])
    const { warnings: other } = await run(`token,client,scopes\n${newToken()},${client},constructor\n`)
    assert.deepEqual([...(other?.beyondNames ?? [])], [`constructor (${client})`])
  })

  test('tokens of nobody are each a user of their own', async () => {
    const [one, other] = [newToken(), newToken()]
    const rows = `${one},${client},\n${other},${client},a1\n`
    const { warnings } = await run(`token,client,authorization\n${rows}`)
    assert.equal(warnings?.withoutSubject, 2)
    for (const token of [one, other]) assert.equal((await exchange(token)).status, 200)
    const { store } = here.deployment
    const connections = await store.listConnections({ clientId: client }, { after: undefined, limit: 100 })
    const own = connections.filter(({ userId }) => /^legacy:[0-9a-f]{16}$/.test(userId))
    assert.deepEqual(
      own.map(({ liveGrants }) => liveGrants.length),
      [1, 1],
    )
    const ofAuthorization = `legacy:${createHash('sha256').update('a1').digest('hex').slice(0, 16)}`
    assert.ok(own.some(({ userId }) => userId === ofAuthorization))
  })

  test('users and organizations that are not here are counted, also in a dry run', async () => {
    await run('id,username\nthere,una\n', { kind: 'users' })
    const here = Array.from({ length: 9 }, () => `${newToken()},${client},there,`)
    const rows = [...here, `${newToken()},${client},gone,o9`, `${newToken()},${client},gone,o9`]
    for (const dryRun of [true, false]) {
      const { warnings } = await run(`token,client,user,organization\n${rows.join('\n')}\n`, { dryRun })
      assert.deepEqual([warnings?.userUnknown, warnings?.organizationUnknown], [2, 2])
      const lines = ['userUnknown', 'organizationUnknown'].map((of) =>
        warnings?.firstLines.get(of as Counted),
      )
      assert.deepEqual(lines, [11, 11])
    }
  })

  test('more tokens of one user than grants can live are warned of, once for each client', async () => {
    const rows = Array.from({ length: 52 }, (_, at) => `${newToken()},${client},${at < 51 ? 'many' : 'few'}`)
    const { warnings } = await run(`token,client,user\n${rows.join('\n')}\n`)
    assert.deepEqual([...(warnings?.crowded ?? [])], [[client, 50]])
  })

  test('semicolons and tabs between the columns are read as such', async () => {
    for (const delimiter of [';', '\t']) {
      const [one, other] = [newToken(), newToken()]
      const lines = [
        ['token', 'client', 'user'],
        [one, client, '"a, b"'],
        [other, client, '"c""d"'],
      ]
      const summary = await run(lines.map((line) => line.join(delimiter)).join('\r\n'))
      assert.deepEqual([summary.cameIn, summary.refused, summary.delimiter], [2, 0, delimiter])
    }
  })

  test('a header with unknown names tells them all, but nothing that could be a token', async () => {
    await assert.rejects(run('token,Klient,scope,old_17\n'), /"Klient", "scope", number 4\. Known are token,/)
    await assert.rejects(run('secretword\nother\n', { format: 'csv' }), /number 1\. Known/)
  })

  test('a dry run writes nothing but what it refused', async () => {
    const before = await statuses()
    const summary = await run(`token,client\n${newToken()},${client}\nx,nobody\n`, { dryRun: true })
    assert.deepEqual([summary.cameIn, summary.refused], [1, 1])
    assert.deepEqual(await statuses(), before)
    assert.equal(refusedLines().length, 1)
  })
})

suite('rows that are refused', () => {
  before(open)
  after(() => here.close())

  const columns = 'token,digest,digest_kind,dialect,client,scopes,kind,status,created,expires,user'
  const row = (values: Readonly<Record<string, string>>): string =>
    columns
      .split(',')
      .map((column) => values[column] ?? { token: newToken(), client }[column] ?? '')
      .join(',')

  const cases: Readonly<Record<string, [() => Readonly<Record<string, string>>, RegExp]>> = {
    'no token': [() => ({ token: '' }), /neither a token nor a digest/],
    'a token and a digest': [() => ({ digest: 'aa' }), /it may have one/],
    'a client that is not there': [() => ({ client: 'nobody' }), /no such client/],
    'a client of another dialect': [() => ({ dialect: 'dch' }), /another dialect/],
    'a dialect that is not there': [() => ({ client: '', dialect: 'acme' }), /no such dialect/],
    'no dialect at all': [() => ({ client: '' }), /dialect is missing/],
    'a control character': [() => ({ token: `${newToken()}\0` }), /control character/],
    'a space at the end': [() => ({ token: `${newToken()} ` }), /space at an end/],
    'a token too long': [() => ({ token: 'aB1'.repeat(1400) }), /longer than 4096/],
    'a weak token of no client': [() => ({ token: '1234', client: '', dialect: 'standard' }), /weak/],
    'a bad date': [() => ({ created: 'yesterday' }), /created: neither/],
    seconds: [() => ({ expires: '1700000000' }), /expires: neither/],
    'an end before the beginning': [
      () => ({ created: '2024-01-02', expires: '2024-01-01' }),
      /before created/,
    ],
    'an illegal scope': [() => ({ scopes: 'read wri\\te' }), /illegal character/],
    'an unknown kind': [() => ({ kind: 'robot' }), /kind is none of/],
    'a token that the old world ended': [() => ({ status: 'revoked' }), /only active/],
    'a digest of no kind': [() => ({ token: '', digest: 'aa' }), /digest_kind is missing/],
    'an unknown kind of digest': [
      () => ({ token: '', digest: 'aa', digest_kind: 'crc' }),
      /digest_kind is none/,
    ],
    'a digest of a wrong length': [() => ({ token: '', digest: 'aa', digest_kind: 'sha1' }), /not 20 bytes/],
  }
  for (const [name, [make, reason]] of Object.entries(cases)) {
    test(`${name}: line and reason are told, never the token, and the rows around it land`, async () => {
      const values = make()
      const { cameIn, refused } = await run(`${columns}\n${row({})}\n${row(values)}\n${row({})}\n`)
      assert.deepEqual([cameIn, refused], [2, 1])
      const [line = ''] = refusedLines()
      assert.match(line, /^3,/)
      assert.match(line, reason)
      if (values.token) assert.ok(!line.includes(values.token))
    })
  }

  test('an unknown client is named, short and plain, where it can be no token', async () => {
    const strong = newToken()
    const cases: readonly (readonly [token: string, client: string, reason: string])[] = [
      [strong, 'old-key-18', 'there is no such client: old-key-18'],
      [strong, '"old\u0007-\u202ekey"', 'there is no such client: old-key'],
      [strong, 'key-'.repeat(20), `there is no such client: ${'key-'.repeat(10)}`],
      // The columns are shifted, or wrongly mapped.
      ['old-key-18', strong, 'client: there is no such client'],
      ['reports', 'd1f29ab3c4', 'client: there is no such client'],
      [strong, newToken(), 'client: there is no such client'],
    ]
    await run(`token,client\n${cases.map(([token, name]) => `${token},${name}\n`).join('')}`)
    assert.deepEqual(
      refusedLines(),
      cases.map(([, , reason], at) => `${at + 2},"${reason}"`),
    )
  })

  test('broken UTF-8 is refused, also in a file whose other rows have other letters', async () => {
    const good = `${newToken()}ü,${client}\n`
    const bad = Buffer.concat([
      Buffer.from(`${newToken()}`),
      Buffer.from([0xff]),
      Buffer.from(`,${client}\n`),
    ])
    const { cameIn, refused } = await run(
      Buffer.concat([Buffer.from(`token,client\n${good}`), bad, Buffer.from(good.replace('old_', 'odd_'))]),
    )
    assert.deepEqual([cameIn, refused], [2, 1])
    assert.deepEqual(refusedLines(), ['3,"the row is not UTF-8"'])
  })

  test('a row with too many values, and a quote that is left open, are refused by their lines', async () => {
    const { cameIn, refused } = await run(
      `token,client\n${newToken()},${client},x\n"${newToken()},${client}\n${newToken()},${client}\n`,
    )
    assert.deepEqual([cameIn, refused], [1, 2])
    assert.deepEqual(
      refusedLines().map((line) => line.split(',')[0]),
      ['2', '3'],
    )
  })

  test('NDJSON that is not JSON, no object, or has a member that nobody knows', async () => {
    const good = JSON.stringify({ token: newToken(), client })
    const wrong = ['{', '[1]', '{"tokn":"x"}', '{"token":true}']
    const { cameIn, refused } = await run([good, ...wrong, good.replace('old_', 'odd_')].join('\n'))
    assert.deepEqual([cameIn, refused], [2, 4])
  })

  test('the file of refused rows is its owner’s alone, and goes when nothing is refused any more', async () => {
    await run(`token,client\nx,nobody\n`)
    assert.equal(statSync(`${path}.refused.csv`).mode & 0o777, 0o600)
    await run(`token,client\n${newToken()},${client}\n`)
    assert.ok(!existsSync(`${path}.refused.csv`))
  })

  test('what is wrong with the whole file is said before anything comes in, without a value of it', async () => {
    const before = await statuses()
    const token = newToken()
    for (const text of ['', `${token},${client}\n`, 'client,user\na,b\n']) {
      await assert.rejects(run(text, { format: 'csv' }), (error) => {
        assert.ok(error instanceof ImportError)
        return !error.message.includes(token)
      })
    }
    await assert.rejects(run(Buffer.from('\ufefftoken', 'utf16le')), /UTF-16/)
    await assert.rejects(run('token\n', { mappings: ['x=y'] }), ImportError)
    await assert.rejects(run('token\n', { client: 'nobody' }), ImportError)
    assert.deepEqual(await statuses(), before)
  })
})

suite('an import that is run again', () => {
  beforeEach(open)
  const close = () => here.close()

  test('doubles nothing, and moves no state backwards', async () => {
    const tokens = Array.from({ length: 30 }, newToken)
    const text = `token,client,user\n${tokens.map((token, at) => `${token},${client},u${at}`).join('\n')}\n`
    const first = await run(text)
    assert.deepEqual([first.cameIn, first.already], [30, 0])
    const before = await statuses()
    const exchanged = await exchange(tokens[3] ?? '')
    const second = await run(text)
    assert.deepEqual([second.cameIn, second.already, second.refused], [0, 30, 0])
    assert.deepEqual(await statuses(), { ...before, active: (before.active ?? 0) - 1, exchanged: 1 })
    const again = await exchange(tokens[3] ?? '')
    assert.equal(again.json.refresh_token, exchanged.json.refresh_token)
    await close()
  })

  test('of two rows with one token, in one file, one comes in', async () => {
    const token = newToken()
    const { cameIn, already } = await run(`token,client\n${token},${client}\n${token},${client}\n`)
    assert.deepEqual([cameIn, already], [1, 1])
    await close()
  })

  test('of several runs, one of which is written while the next is read, is whole, and told line by line', async () => {
    const tokens = Array.from({ length: 20_000 }, newToken)
    const lines = tokens.map((token, at) => `${token},${at % 5000 === 7 ? 'nobody' : client},user-${at}`)
    const text = `token,client,user\n${lines.join('\n')}\n`
    const { rows, cameIn, refused } = await run(text, { runRows: 6000 })
    assert.deepEqual([rows, cameIn, refused], [20_000, 19_996, 4])
    assert.deepEqual(
      refusedLines().map((line) => line.split(',')[0]),
      ['9', '5009', '10009', '15009'],
    )
    const again = await run(text)
    assert.deepEqual([again.cameIn, again.already, again.refused], [0, 19_996, 4])
    for (const at of [0, 5999, 6000, 19_999]) assert.equal((await exchange(tokens[at] ?? '')).status, 200)
    await close()
  })

  test('goes on after it was stopped', async () => {
    const text = `token,client\n${Array.from({ length: 12_000 }, () => `${newToken()},${client}`).join('\n')}\n`
    let stopped = false
    const first = await run(text, {
      isStopped: () => stopped,
      onProgress: ({ rows }) => {
        stopped = rows > 0
      },
    })
    assert.ok(first.stopped && first.cameIn < 12_000)
    const second = await run(text)
    assert.equal(first.cameIn + second.cameIn, 12_000)
    assert.equal(second.already, first.cameIn)
    await close()
  })
})

suite('import of users and organizations', () => {
  before(open)
  after(() => here.close())
  const hash =
    '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$UkVBTExZTk9USElOR0JVVEFURVNUVkFMVUUxMjM0NTY'

  test('users come in with their organizations, and a second file changes what it says alone', async () => {
    const { store } = here.deployment
    await run('id,name,region,api_domain\no1,One,eu,https://one.example\no2,"Two, Inc.",,\n', {
      kind: 'organizations',
    })
    await run(
      `id,username,email,name,password_hash,organizations\nu1,una,una@one.example,Una,"${hash}",o1 o2\n`,
      {
        kind: 'users',
      },
    )
    await run('id,username,name\nu1,una,Una Two\n', { kind: 'users' })
    const user = await store.findUserByUsername('una')
    assert.deepEqual(
      [user?.id, user?.name, user?.email, user?.passwordHash],
      ['u1', 'Una Two', 'una@one.example', hash],
    )
    const names = (await store.findMemberships('u1')).map(({ organization }) => organization.name)
    assert.deepEqual(names, ['One', 'Two, Inc.'])
    assert.equal((await store.findOrganization('o1'))?.apiDomain, 'https://one.example')
  })

  test('a user’s language comes in, stays where a later file leaves it out, and is looked at', async () => {
    const { store } = here.deployment
    const languageOf = async () => (await store.findUser('l1'))?.language
    await run('id,username,language\nl1,lena,de-AT\n', { kind: 'users' })
    assert.equal(await languageOf(), 'de-AT')
    await run('id,username\nl1,lena\n', { kind: 'users' })
    assert.equal(await languageOf(), 'de-AT')
    const { refused } = await run('id,username,language\nl1,lena,Deutsch!\n', { kind: 'users' })
    assert.equal(refused, 1)
    assert.match(refusedLines()[0] ?? '', /language is no language tag/)
  })

  test('where somebody lives, and from where they may be asked for, comes in and stays', async () => {
    const { store } = here.deployment
    const known = async () => {
      const [user, organization] = [await store.findUser('r1'), await store.findOrganization('r2')]
      return [user?.region, organization?.region, organization?.allowedAddresses]
    }
    await run('id,username,region\nr1,rosa,eu\n', { kind: 'users' })
    const header = 'id,name,region,allowed_addresses'
    await run(`${header}\nr2,Rose Ltd,us,192.0.2.0/24  2001:db8::/32\n`, { kind: 'organizations' })
    const said = ['eu', 'us', ['192.0.2.0/24', '2001:db8::/32']]
    assert.deepEqual(await known(), said)
    await run('id,username\nr1,rosa\n', { kind: 'users' })
    await run('id,name,allowed_addresses\nr2,Rose Ltd,\n', { kind: 'organizations' })
    assert.deepEqual(await known(), said)
    const { refused } = await run(`${header}\nr2,Rose Ltd,,192.0.2.0/33\n`, { kind: 'organizations' })
    assert.equal(refused, 1)
    assert.match(refusedLines()[0] ?? '', /allowed_addresses: addresses or ranges by space/)
    assert.deepEqual(await known(), said)
  })

  test('admins come in as such, from CSV and NDJSON, and a later file leaves them so', async () => {
    const { store } = here.deployment
    const roles = async () =>
      (await store.findMemberships('u1')).map(({ organization, role }) => [organization.id, role])
    await run('id,username,organizations,admin_of\nu1,una,o1 o2,o2\n', { kind: 'users' })
    assert.deepEqual(await roles(), [
      ['o1', 'member'],
      ['o2', 'admin'],
    ])
    const line = { id: 'u1', username: 'una', organizations: ['o2'], admin_of: ['o1'] }
    await run(`${JSON.stringify(line)}\n`, { kind: 'users' })
    assert.deepEqual(await roles(), [
      ['o1', 'admin'],
      ['o2', 'admin'],
    ])
    const { refused } = await run(`id,username,admin_of\nu9,uwe,${'o'.repeat(300)}\n`, { kind: 'users' })
    assert.equal(refused, 1)
    assert.match(refusedLines()[0] ?? '', /admin_of/)
  })

  test('a username is one user’s, in the database and in the file', async () => {
    const { cameIn, refused } = await run('id,username\nv1,una\nv2,vera\nv3,vera\n', { kind: 'users' })
    assert.deepEqual([cameIn, refused], [1, 2])
    assert.deepEqual(
      refusedLines().map((line) => line.split(',')[0]),
      ['2', '4'],
    )
  })

  test('a password hash that is not argon2id is refused, and what is accepted is named', async () => {
    const { refused } = await run('id,username,password_hash\nw1,wim,$2b$12$abcdefghijk\n', { kind: 'users' })
    assert.equal(refused, 1)
    assert.match(refusedLines()[0] ?? '', /argon2id/)
    assert.ok(!refusedLines()[0]?.includes('abcdefghijk'))
  })
})
