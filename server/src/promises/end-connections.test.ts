import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'
import { countOf } from './asks.ts'

type Sent = { readonly path: string; readonly form?: Record<string, string>; readonly bearer?: string }

async function sendTo(base: string, method: string, { path, form, bearer }: Sent): Promise<TestAnswer> {
  const isJson = path.includes('exchangeRefreshToken')
  const body = form && (isJson ? JSON.stringify(form) : new URLSearchParams(form))
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
  const answer = await fetch(base + path, { method, headers, ...(body !== undefined && { body }) })
  const text = await answer.text()
  const json: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : {}
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text, json }
}

suite('promises: an app gives up all that a user allowed it, over two processes', {
  timeout: 300_000,
}, () => {
  let here: TestDeployment
  let servers: readonly ServerProcess[] = []
  let applicationToken = ''
  const section = (name: string): Readonly<Record<string, unknown>> =>
    here.sections[name] ?? assert.fail(`${name} is not mounted`)
  const text = (member: string): string => String(section('concur')[member])
  const client = () => ({ client_id: text('client_id'), client_secret: text('client_secret') })
  const send = (at: number, sent: Sent, method = 'POST'): Promise<TestAnswer> =>
    sendTo(`${servers[at % servers.length]?.base}/concur`, method, sent)
  const token = (at: number, form: Record<string, string>): Promise<TestAnswer> =>
    send(at, { path: '/oauth2/v0/token', form: { ...client(), ...form } })
  const refresh = (at: number, refreshToken: unknown): Promise<TestAnswer> =>
    token(at, { grant_type: 'refresh_token', refresh_token: String(refreshToken) })
  const exchange = (at: number, list: string, which: number, returnType = ''): Promise<TestAnswer> =>
    send(at, {
      path: `/appmgmt/v0/legacyApps/${text('old_consumer_key')}/exchangeRefreshToken/me${returnType}`,
      form: { token: String((section('concur')[list] as unknown[])[which]), secret: text('client_secret') },
      bearer: applicationToken,
    })
  const end = (at: number, bearer: unknown): Promise<TestAnswer> =>
    send(at, { path: '/app-mgmt/v0/connections', bearer: String(bearer) }, 'DELETE')
  async function isActive(accessToken: unknown): Promise<boolean> {
    const { client_id, client_secret } = section('standard')
    const form = {
      token: String(accessToken),
      client_id: String(client_id),
      client_secret: String(client_secret),
    }
    const answer = await sendTo(servers[0]?.base ?? '', 'POST', { path: '/oauth2/introspect', form })
    assert.equal(answer.status, 200, answer.text)
    return answer.json.active === true
  }

  before(async () => {
    const policy = { rotate: 'always' }
    here = await testDeployment({ mounts: ['standard', 'concur'], file: true, policy })
    const { database, store } = here.deployment
    const api = await store.findClient(String(section('standard').client_id))
    assert.ok(api)
    await store.commit([{ write: 'change_client', client: { ...api, mayIntrospect: true }, seen: api }])
    // All of one user, in three organizations and in none.
    await database.query(
      `update legacy_tokens set user_id = (select id from users where username = $1),
      organization_id = case number % 4 when 0 then '' else 'company-' || (number % 4) end
      from (select lookup as key, row_number() over (order by lookup) as number from legacy_tokens) rows
      where rows.key = legacy_tokens.lookup and kind = 'user' and dialect = 'concur' returning 1`,
      [text('username')],
    )
    const start = (): Promise<ServerProcess> =>
      startServer({
        folder: here.folder,
        config: {
          // One name for both, as behind a load balancer: a token says who issued it.
          public_url: 'http://127.0.0.1:4000',
          database: here.config.database,
          root_secret: `env:${rootSecretName}`,
          mounts: [
            { dialect: 'standard', prefix: '/', policy },
            { dialect: 'concur', prefix: '/concur', policy },
          ],
          limits: { failures_per_minute: 1_000_000 },
        },
      })
    servers = await Promise.all([start(), start()])
    applicationToken = String((await token(0, { grant_type: 'client_credentials' })).json.access_token)
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.kill()))
    await here.close()
  })

  const live = `select count(*) from grants g join connections c on c.number = g.connection
    where g.status = 'live' and c.status = 'live' and c.epoch = g.epoch`
  const ofUser = `${live} and c.user_id <> ''`

  test('the end wins against 50 exchanges and 50 refreshes in flight, in every organization of the user', async () => {
    const exchanged: TestAnswer[] = []
    for (let at = 0; at < 20; at += 1) exchanged.push(await exchange(at, 'legacy_tokens', at))
    const pairs = await Promise.all(exchanged.map(({ json }, at) => refresh(at, json.token)))
    assert.deepEqual([...new Set(pairs.map(({ status }) => status))], [200])
    assert.equal(await countOf(here, `select count(*) from connections where status = 'live'`), 4)
    const company = await exchange(0, 'wsadmin_tokens', 0, '?returnType=companyToken')
    const companyPair = await refresh(0, company.json.token)
    assert.ok(await isActive(pairs[0]?.json.access_token))

    const rush = (offset: number): Promise<TestAnswer>[] =>
      Array.from({ length: 25 }, (_, at) => [
        exchange(at + offset, 'legacy_tokens', 21 + at),
        refresh(at + offset, pairs[at % 20]?.json.refresh_token),
      ]).flat()
    const first = rush(0)
    const ending = end(1, pairs[3]?.json.access_token)
    const answers = await Promise.all([...first, ...rush(1)])
    const ended = await ending
    assert.deepEqual([ended.status, ended.json], [200, {}])

    assert.equal(await countOf(here, ofUser), 0)
    for (const { status } of answers) assert.ok([200, 400, 503].includes(status), String(status))
    for (const answer of [...pairs, ...answers].filter(({ status }) => status === 200)) {
      const { access_token, refresh_token, token: fromExchange } = answer.json
      if (access_token !== undefined) assert.equal(await isActive(access_token), false)
      const refused = await refresh(0, refresh_token ?? fromExchange)
      assert.deepEqual([refused.status, refused.json.code], [400, 108])
    }
    for (let at = 0; at < 46; at += 1) {
      assert.equal((await exchange(at, 'legacy_tokens', at)).json.code, 'INVALIDTOKEN', `token ${at}`)
    }
    assert.equal(await countOf(here, ofUser), 0)
    const events = `select count(*) from events where kind = 'connection_revoked'`
    assert.equal(await countOf(here, events), 4, 'each connection once')
    assert.equal(await countOf(here, `${events} and actor = 'client:${client().client_id}'`), 4)

    const again = await end(0, pairs[3]?.json.access_token)
    assert.deepEqual([again.status, again.json.code], [401, 64], 'a dead token ends nothing')
    assert.ok(await isActive(companyPair.json.access_token), 'the company’s own is not the user’s to end')
  })

  test('with a company’s token, the company’s connection ends, and its users keep theirs', async () => {
    const admin = await exchange(0, 'wsadmin_tokens', 1)
    const adminPair = await refresh(0, admin.json.token)
    const company = await exchange(0, 'wsadmin_tokens', 0, '?returnType=companyToken')
    assert.equal(company.status, 400, 'its exchange is over')
    const other = await exchange(1, 'wsadmin_tokens', 2, '?returnType=companyToken')
    const pair = await refresh(1, other.json.token)
    assert.equal((await end(0, pair.json.access_token)).status, 200)
    assert.equal(await isActive(pair.json.access_token), false)
    assert.equal((await refresh(0, pair.json.refresh_token)).json.code, 108)
    assert.ok(await isActive(adminPair.json.access_token))
    assert.equal((await refresh(0, adminPair.json.refresh_token)).status, 200)
  })
})
