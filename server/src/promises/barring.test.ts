import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { perform } from '../kernel/kernel.ts'
import { lookupsOf } from '../kernel/legacy-lookup.ts'
import type { Step } from '../kernel/operations/authorization.ts'
import { barClient, unbarClient } from '../kernel/operations/bar-client.ts'
import { decideConsent } from '../kernel/operations/decide-consent.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { sha256 } from '../kernel/ring.ts'
import type { Deployment } from '../main.ts'
import { openDeployment } from '../main.ts'
import { allow } from '../testing/allowing.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import { aClient, anOrganization, aSession, aUser } from '../testing/records.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'
import type { Visit, Visitor } from '../testing/visitor.ts'
import { visitor } from '../testing/visitor.ts'
import type { App } from './asks.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  exchange,
  introspect,
  refresh,
  refreshTokenOf,
  standardApp,
} from './asks.ts'

const browser = { address: undefined, requestId: undefined }

/** Moves legacy tokens into an organization, as an import would have brought them. */
async function intoOrganization(
  { deployment }: TestDeployment,
  tokens: readonly string[],
  organizationId: string,
): Promise<readonly string[]> {
  const { database, store, world } = deployment
  await store.commit([{ write: 'put_organization', organization: anOrganization({ id: organizationId }) }])
  const users: string[] = []
  for (const token of tokens) {
    const lookups = lookupsOf(world.moment().ring, token)
    const found = await store.findLegacyToken(lookups, '', 'user')
    assert.ok(found)
    users.push(found.token.userId)
    await database.query('update legacy_tokens set organization_id = $2 where lookup = $1 returning 1', [
      found.token.lookup,
      organizationId,
    ])
  }
  return users
}

/** Signs a user in, who belongs to the organization; the session's secret is their id. */
async function signIn(
  { store, world }: Deployment,
  userId: string,
  organizationId: string,
  role: 'member' | 'admin',
): Promise<void> {
  const { now } = world.moment()
  const session = aSession({ hash: sha256(userId), userId, created: now, expires: now + 3_600_000 })
  await store.commit([{ write: 'add_session', session }])
  await store.commit([{ write: 'put_membership', userId, organizationId, role }])
}

const addAdmin = async (deployment: Deployment, organizationId: string): Promise<void> => {
  const user = aUser({ id: 'admin', username: 'admin' })
  await deployment.store.commit([{ write: 'put_user', user, organizations: [] }])
  await signIn(deployment, 'admin', organizationId, 'admin')
}

const byAdmin = (organizationId: string, clientId: string) =>
  ({ ...browser, sessionSecret: 'admin', organizationId, clientId }) as const

suite('promises: an app that an admin has taken out of an organization', () => {
  let here: TestDeployment
  let api: App
  before(async () => {
    here = await testDeployment({ mounts: ['standard'], policy: { rotate: 'always' } })
    const { id: _made, secrets: _none, ...client } = aClient({ name: 'The API', mayIntrospect: true })
    const actor = { actor: 'operator', ...browser }
    const added = await perform(registerClient, { client, actor }, here.deployment.world)
    assert.ok('granted' in added)
    api = { id: added.granted.client.id, secret: added.granted.secret }
    await intoOrganization(here, standardApp(here).legacyTokens.slice(0, 4), 'acme')
    await addAdmin(here.deployment, 'acme')
  })
  after(() => here.close())

  const token = (at: number): string => standardApp(here).legacyTokens[at] ?? ''
  const isActive = async (said: string): Promise<unknown> =>
    (await introspect(asks(here), api, said)).json.active

  test('all it has there is dead at once, and comes back by no way but a new consent', async () => {
    const app = standardApp(here)
    const pair = await exchange(asks(here), app, token(0))
    const elsewhere = await exchange(asks(here), app, token(10))
    for (const said of [accessTokenOf(pair), refreshTokenOf(pair), token(0), token(1)])
      assert.equal(await isActive(said), true)
    const { world } = here.deployment
    assert.ok('granted' in (await perform(barClient, byAdmin('acme', app.id), world)))

    for (const said of [accessTokenOf(pair), refreshTokenOf(pair), token(0)])
      assert.equal(await isActive(said), false)
    // No app has made this one its own: it is the user's, and any other app may still exchange it.
    assert.equal(await isActive(token(1)), true)
    for (const answer of [
      await refresh(asks(here), app, refreshTokenOf(pair)),
      await exchange(asks(here), app, token(0)),
      await exchange(asks(here), app, token(1)),
    ])
      assert.equal(answer.status, 400, answer.text)
    assert.equal(await isActive(accessTokenOf(elsewhere)), true)
    refreshTokenOf(await refresh(asks(here), app, refreshTokenOf(elsewhere)))

    assert.ok('granted' in (await perform(unbarClient, byAdmin('acme', app.id), world)))
    for (const said of [accessTokenOf(pair), refreshTokenOf(pair), token(0)])
      assert.equal(await isActive(said), false)
    assert.equal((await exchange(asks(here), app, token(0))).status, 400)
    // Whoever had no connection there loses nothing by it.
    refreshTokenOf(await exchange(asks(here), app, token(1)))
  })
})

suite('promises: barring an app against requests in flight, over several processes', {
  timeout: 300_000,
}, () => {
  let here: TestDeployment
  let second: Deployment
  let servers: readonly ServerProcess[] = []
  before(async () => {
    here = await testDeployment({ mounts: ['pipedrive', 'standard'], file: true })
    second = await openDeployment(here.config, { numbers: true })
    const start = (): Promise<ServerProcess> =>
      startServer({
        folder: here.folder,
        config: {
          database: here.config.database,
          root_secret: `env:${rootSecretName}`,
          mounts: [{ dialect: 'pipedrive', prefix: '/pipedrive' }],
        },
      })
    servers = await Promise.all([start(), start()])
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.kill()))
    await second.close()
    await here.close()
  })

  type Called = 'first' | 'second'
  const appOf = (which: Called) => {
    const section = here.sections.pipedrive ?? assert.fail('pipedrive is not mounted')
    const prefix = which === 'second' ? 'second_' : ''
    return { id: String(section[`${prefix}client_id`]), secret: String(section[`${prefix}client_secret`]) }
  }
  const legacyTokens = (): readonly string[] => {
    const list = here.sections.pipedrive?.legacy_tokens
    assert.ok(Array.isArray(list))
    return list.map(String)
  }

  async function ask(at: number, which: Called, form: Readonly<Record<string, string>>): Promise<TestAnswer> {
    const { id, secret } = appOf(which)
    const answer = await fetch(`${servers[at % servers.length]?.base}/pipedrive/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams(form),
    })
    const text = await answer.text()
    return { status: answer.status, headers: {}, text, json: JSON.parse(text) }
  }
  const migrate = (at: number, which: Called, token: string) =>
    ask(at, which, { grant_type: 'exchange_api_token', api_token: token })
  const renew = (at: number, which: Called, token: string) =>
    ask(at, which, { grant_type: 'refresh_token', refresh_token: token })

  /** A user of the organization allows the app, as the consent page's form does. */
  async function consent(userId: string): Promise<Step> {
    const mount = here.deployment.mounts.find(({ dialect }) => dialect.name === 'pipedrive')
    const rules = mount?.dialect.authorize ?? assert.fail('pipedrive has no authorize page')
    const client = await here.deployment.store.findClient(appOf('first').id)
    const request = {
      clientId: appOf('first').id,
      redirectUri: client?.redirectUris[0],
      responseType: 'code',
      scopes: undefined,
      codeChallenge: undefined,
      codeChallengeMethod: undefined,
      resource: [],
      prompt: undefined,
      nonce: undefined,
      signedInSince: undefined,
      wrong: undefined,
    } as const
    const answer = await perform(
      decideConsent,
      {
        request,
        rules,
        dialect: 'pipedrive',
        policy: mount?.dialect.policy ?? {},
        sessionSecret: userId,
        address: browser.address,
        decision: 'allow',
        organizationId: 'acme',
        scopesShown: client?.scopes ?? [],
        from: browser,
      },
      here.deployment.world,
    )
    assert.ok('granted' in answer)
    return answer.granted
  }

  test('50 exchanges, 50 refreshes and 10 consents lose, whichever way they race; other organizations notice nothing', async () => {
    const [known, fresh, others] = [
      legacyTokens().slice(0, 15),
      legacyTokens().slice(15, 40),
      legacyTokens().slice(40, 50),
    ]
    const users = await intoOrganization(here, [...known, ...fresh], 'acme')
    await addAdmin(here.deployment, 'acme')
    // Some have a connection that is to end, the others would make one.
    const consenting = [...users.slice(0, 5), ...users.slice(35, 40)]
    for (const userId of consenting) await signIn(here.deployment, userId, 'acme', 'member')

    const had = await Promise.all(known.map((token, at) => migrate(at, 'first', token)))
    const elsewhere = await Promise.all(others.map((token, at) => migrate(at, 'first', token)))
    const ofSecond = await Promise.all(known.map((token, at) => migrate(at, 'second', token)))

    let answered = 0
    let someAnswered = (): void => undefined
    const underWay = new Promise<void>((resolve) => {
      someAnswered = resolve
    })
    const counted = async <Result>(asked: Promise<Result>): Promise<Result> => {
      const answer = await asked
      answered += 1
      if (answered === 10) someAnswered()
      return answer
    }
    const racing = Array.from({ length: 50 }, (_, at) => ({
      exchanged: counted(migrate(at, 'first', fresh[at % fresh.length] ?? '')),
      refreshed: counted(renew(at, 'first', refreshTokenOf(had[at % had.length] ?? assert.fail()))),
    }))
    const consents = consenting.map(async (userId, at) => {
      // One after another, so that some of them look before the bar and commit after it.
      for (let turn = 0; turn < at * 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      return consent(userId)
    })
    await underWay
    const barred = await perform(barClient, byAdmin('acme', appOf('first').id), second.world)
    assert.ok('granted' in barred)

    const answers = (await Promise.all(racing.flatMap((one) => [one.exchanged, one.refreshed]))).concat(had)
    const steps = await Promise.all(consents)
    for (const { status, text } of answers) assert.ok([200, 400].includes(status), text)
    const theirs = `client = '${appOf('first').id}' and organization_id = 'acme'`
    const live = `select count(*) from grants g join connections c on c.number = g.connection
      where g.client = '${appOf('first').id}' and g.organization_id = 'acme' and g.status = 'live'
      and c.status = 'live' and c.epoch = g.epoch`
    assert.equal(await countOf(here, live), 0)
    assert.equal(
      await countOf(here, `select count(*) from connections where ${theirs} and status = 'live'`),
      0,
    )
    assert.equal(await countOf(here, `select count(*) from codes where ${theirs} and status = 'open'`), 0)
    for (const [at, answer] of answers.filter(({ status }) => status === 200).entries()) {
      assert.equal((await renew(at, 'first', refreshTokenOf(answer))).json.error, 'invalid_grant')
    }
    for (const step of steps) {
      if (step.next !== 'answer') {
        assert.ok(step.next === 'ask')
        assert.ok(step.subjects.every(({ organizationId }) => organizationId !== 'acme'))
      } else {
        const code = step.code ?? ''
        const form = { grant_type: 'authorization_code', code, redirect_uri: step.redirectUri }
        assert.equal((await ask(0, 'first', form)).status, 400)
      }
    }
    for (const [at, token] of [...known, ...fresh].entries())
      assert.equal((await migrate(at, 'first', token)).json.error, 'invalid_grant')

    for (const [at, answer] of elsewhere.entries()) {
      const next = await renew(at, 'first', refreshTokenOf(answer))
      assert.notEqual(refreshTokenOf(next), refreshTokenOf(answer))
    }
    for (const [at, answer] of ofSecond.entries())
      assert.equal((await renew(at, 'second', refreshTokenOf(answer))).status, 200)
    const revoked = `select count(*) from events where kind = 'connection_revoked' and organization_id = 'acme'`
    const connections = `select count(*) from connections where ${theirs}`
    assert.equal(await countOf(here, revoked), await countOf(here, connections), 'each is told of, once')
  })
})

// Their consent names no organization: a member would bring the app back by themselves.
for (const dialect of ['standard', 'code']) {
  suite(`promises: an app that an admin has taken out, where ${dialect} asks the user alone`, () => {
    let here: TestDeployment
    let organizationId: string
    let userId: string
    before(async () => {
      here = await testDeployment({ mounts: [dialect], policy: { rotate: 'always' } })
      const { store } = here.deployment
      const user = await store.findUserByUsername(here.people.get(dialect)?.username ?? '')
      userId = user?.id ?? assert.fail()
      const [membership] = await store.findMemberships(userId)
      organizationId = membership?.organization.id ?? assert.fail()
      await addAdmin(here.deployment, organizationId)
    })
    after(() => here.close())

    const said = (name: string): string => String(here.sections[dialect]?.[name])
    const prefix = (): string =>
      said('prefix')
        .replace(/^undefined$/, '')
        .replace(/\/$/, '')
    const query = (more: Readonly<Record<string, string>> = {}): string =>
      `${new URLSearchParams({
        client_id: said('client_id'),
        redirect_uri: said('redirect_uri'),
        response_type: 'code',
        scope: 'read',
        ...more,
      })}`
    const token = (form: Readonly<Record<string, string>>): Promise<TestAnswer> =>
      here.request(prefix(), {
        method: 'POST',
        path: '/oauth2/token',
        body: { client_id: said('client_id'), client_secret: said('client_secret'), ...form },
      })
    const redeem = (code: string | null) =>
      token({ grant_type: 'authorization_code', code: code ?? '', redirect_uri: said('redirect_uri') })
    const renew = (pair: TestAnswer) =>
      token({ grant_type: 'refresh_token', refresh_token: String(pair.json.refresh_token) })
    const codeOf = async () => (await allow(here, dialect, query())).get('code')
    const bar = () => perform(barClient, byAdmin(organizationId, said('client_id')), here.deployment.world)
    const unbar = () =>
      perform(unbarClient, byAdmin(organizationId, said('client_id')), here.deployment.world)
    const authorize = (more: Readonly<Record<string, string>> = {}): string =>
      `${prefix()}/oauth2/authorize?${query(more)}`

    /** A browser before the consent page. */
    async function arrive(): Promise<readonly [Visitor, Visit]> {
      const user = visitor(here.app)
      const { username, password } = here.people.get(dialect) ?? assert.fail()
      await user.fill(await user.get(authorize()), /sign-in/, { username, password })
      return [user, await user.get(authorize())]
    }

    test('no member connects it before it is let back in, and what members had is over', async () => {
      const pair = await redeem(await codeOf())
      assert.equal(pair.status, 200, pair.text)
      const open = await codeOf()
      assert.ok('granted' in (await bar()))

      for (const answer of [await renew(pair), await redeem(open)])
        assert.equal(answer.status, 400, answer.text)
      const told = (await here.deployment.store.listEvents(0, 1000)).filter(
        ({ kind }) => kind === 'connection_revoked',
      )
      assert.deepEqual(
        told.map((event) => [event.actor, event.userId, event.organizationId]),
        [['user:admin', userId, undefined]],
      )

      const [user, page] = await arrive()
      assert.equal(page.status, 200)
      assert.match(page.text, /admin has removed this app/)
      assert.doesNotMatch(page.text, /value="allow"/)
      // Whoever makes the form up is not heard, either.
      const typed = { decision: 'allow', scopes: 'read' }
      const forced = await user.fill(page, /authorize/, typed)
      assert.equal(forced.status, 400)
      assert.match(forced.text, /admin has removed this app/)
      const silent = await user.get(authorize({ prompt: 'none' }))
      if (dialect === 'standard')
        assert.equal(new URL(silent.location ?? '').searchParams.get('error'), 'interaction_required')
      assert.doesNotMatch(silent.location ?? '', /[?&]code=/)
      assert.equal(await countOf(here, `select count(*) from codes where status = 'open'`), 0)

      assert.ok('granted' in (await unbar()))
      assert.equal((await renew(pair)).status, 400)
      const anew = await redeem(await codeOf())
      assert.equal(anew.status, 200, anew.text)
      assert.equal((await renew(anew)).status, 200)
    })

    test('a page that was open when the bar came allows nothing', async () => {
      await here.deployment.database.query(`update connections set status = 'revoked' returning 1`, [])
      const [user, page] = await arrive()
      assert.match(page.text, /value="allow"/)
      assert.ok('granted' in (await bar()))
      const answer = await user.fill(page, /authorize/, { decision: 'allow' })
      assert.equal(answer.status, 400)
      assert.match(answer.text, /admin has removed this app/)
      assert.ok('granted' in (await unbar()))
    })

    test('who belongs to no organization that barred it is asked as ever', async () => {
      const { database } = here.deployment
      assert.ok('granted' in (await bar()))
      await database.query('delete from memberships where user_id = $1 returning 1', [userId])
      const pair = await redeem(await codeOf())
      assert.equal(pair.status, 200, pair.text)
      assert.equal((await renew(pair)).status, 200)
    })
  })
}

suite('promises: legacy tokens of no organization, of an app that an admin has taken out', () => {
  let here: TestDeployment
  before(async () => {
    here = await testDeployment({ mounts: ['standard'] })
    await addAdmin(here.deployment, 'acme')
  })
  after(() => here.close())

  test('a member exchanges theirs as little as those of the organization; everybody else does', async () => {
    const { deployment } = here
    const app = standardApp(here)
    const [mine = '', other = ''] = app.legacyTokens
    const { store, world } = deployment
    const found = await store.findLegacyToken(lookupsOf(world.moment().ring, mine), '', 'user')
    const { userId, organizationId } = found?.token ?? assert.fail()
    assert.equal(organizationId, '')
    await store.commit([{ write: 'put_membership', userId, organizationId: 'acme', role: 'member' }])
    await store.commit([{ write: 'put_organization', organization: anOrganization({ id: 'acme' }) }])
    assert.ok('granted' in (await perform(barClient, byAdmin('acme', app.id), world)))
    const refused = await exchange(asks(here), app, mine)
    assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_request'], refused.text)
    assert.match(here.logs.join(), /client_barred/)
    refreshTokenOf(await exchange(asks(here), app, other))
    // It never stood for a connection that the bar has ended, so it is good again.
    assert.ok('granted' in (await perform(unbarClient, byAdmin('acme', app.id), world)))
    refreshTokenOf(await exchange(asks(here), app, mine))
  })
})
