import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { perform } from '../kernel/kernel.ts'
import { lookupOf } from '../kernel/legacy-lookup.ts'
import { confirmConnectionForOperator } from '../kernel/operations/confirm-connection-for-operator.ts'
import { newsIn } from '../kernel/operations/confirmation.ts'
import { exchangeLegacyToken } from '../kernel/operations/exchange-legacy-token.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { revokeConnection } from '../kernel/operations/revoke-connection.ts'
import { defaultPolicy } from '../kernel/policy.ts'
import { currentVersion } from '../kernel/ring.ts'
import { openDatabase } from '../open-database.ts'
import { parsePolicy } from '../policy-fields.ts'
import type { Database } from '../storage/database.ts'
import { sqlStore } from '../storage/sql-store.ts'

import type { AccountBed } from '../testing/account.ts'
import { accountBed } from '../testing/account.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aCaller, aClient, aLegacyToken } from '../testing/records.ts'
import type { App } from './asks.ts'
import {
  accessTokenOf,
  asks,
  countOf,
  dump,
  exchange,
  introspect,
  refresh,
  refreshTokenOf,
  standardApp,
} from './asks.ts'

const actor = { actor: 'operator', address: undefined, requestId: undefined }
const asleep = { active: false, inactive_reason: 'confirmation_pending' }

suite('promises: a token of a connection that waits for its user', () => {
  let here: TestDeployment
  let api: App
  before(async () => {
    const policy = { confirmation: 'required', rotate: 'always' }
    here = await testDeployment({ mounts: ['standard'], policy })
    const { id: _made, secrets: _none, ...client } = aClient({ name: 'The API', mayIntrospect: true })
    const added = await perform(registerClient, { client, actor }, here.deployment.world)
    assert.ok('granted' in added)
    api = { id: added.granted.client.id, secret: added.granted.secret }
  })
  after(() => here.close())

  const app = () => standardApp(here)
  const token = (at: number): string => app().legacyTokens[at] ?? ''
  const isOpaque = (answer: TestAnswer): boolean => accessTokenOf(answer).startsWith('tfa_')
  const ask = (access: string, who: App = app()) => introspect(asks(here), who, access)

  const newest = (): Promise<number> => countOf(here, 'select max(number) from connections')
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  const confirm = (connection: number) =>
    perform(confirmConnectionForOperator, { connection, actor }, here.deployment.world)

  test('opens nothing, and after the confirmation the same token is active', async () => {
    const pair = await exchange(asks(here), app(), token(0))
    assert.ok(isOpaque(pair))
    for (const said of [accessTokenOf(pair), refreshTokenOf(pair)]) {
      assert.deepEqual((await ask(said)).json, asleep)
      assert.deepEqual((await ask(said, api)).json, asleep)
    }
    const [connection, events] = [await newest(), await countOf(here, 'select count(*) from events')]
    assert.ok('granted' in (await confirm(connection)))
    for (const said of [accessTokenOf(pair), refreshTokenOf(pair)]) {
      assert.equal((await ask(said)).json.active, true)
      assert.equal((await ask(said, api)).json.active, true)
    }
    const [event] = (await here.deployment.store.listEvents(0, 1000)).slice(events)
    assert.deepEqual(
      [event?.kind, event?.clientId, event?.actor],
      ['connection_confirmed', app().id, 'operator'],
    )
    assert.ok(!isOpaque(await refresh(asks(here), app(), refreshTokenOf(pair))))
  })

  test('is refreshed and asked for again while it waits, always without a JWT; reuse ends its grant as ever', async () => {
    const first = await exchange(asks(here), app(), token(1))
    const again = await exchange(asks(here), app(), token(1))
    assert.equal(refreshTokenOf(again), refreshTokenOf(first))
    const second = await refresh(asks(here), app(), refreshTokenOf(first))
    const repeat = await refresh(asks(here), app(), refreshTokenOf(first))
    assert.equal(refreshTokenOf(repeat), refreshTokenOf(second))
    const third = await refresh(asks(here), app(), refreshTokenOf(second))
    for (const answer of [first, again, second, repeat, third]) {
      assert.ok(isOpaque(answer))
      assert.deepEqual((await ask(accessTokenOf(answer))).json, asleep)
    }
    assert.equal((await refresh(asks(here), app(), refreshTokenOf(first))).status, 400)
    // What is dead is not said to wait.
    assert.deepEqual((await ask(accessTokenOf(third))).json, { active: false })
    assert.equal((await refresh(asks(here), app(), refreshTokenOf(third))).status, 400)
  })

  test('nobody confirms what was uninstalled while it waited, and nothing of it comes alive', async () => {
    const pair = await exchange(asks(here), app(), token(2))
    const connection = await newest()
    await perform(revokeConnection, { connection, actor }, here.deployment.world)
    const before = await dump(here)
    const confirmed = await confirm(connection)
    assert.ok('refused' in confirmed)
    assert.equal(confirmed.refused.reason, 'connection_revoked')
    assert.equal(await dump(here), before)
    assert.deepEqual((await ask(accessTokenOf(pair))).json, { active: false })
    assert.equal((await refresh(asks(here), app(), refreshTokenOf(pair))).status, 400)
    assert.equal((await exchange(asks(here), app(), token(2))).status, 400)
  })

  test('of a confirmation and an uninstall at the same moment, the tokens obey the uninstall', async () => {
    const { world } = here.deployment
    for (let at = 3; at < 13; at += 1) {
      const pair = await exchange(asks(here), app(), token(at))
      const connection = await newest()
      const confirming = turns(at % 3).then(() => confirm(connection))
      const revoked = await turns(at % 2).then(() => perform(revokeConnection, { connection, actor }, world))
      assert.ok('granted' in revoked)
      await confirming
      assert.deepEqual((await ask(accessTokenOf(pair))).json, { active: false })
    }
    const told = `select count(*) from events e where kind = 'connection_confirmed' and exists (select 1 from events r
      where r.kind = 'connection_revoked' and r.user_id = e.user_id and r.id < e.id)`
    assert.equal(await countOf(here, told), 0, 'nobody is told of a confirmation after an uninstall')
  })

  test('no JWT is said before the confirmation is there, however they race', async () => {
    const { store } = here.deployment
    const waiting: { readonly legacyToken: string; readonly first: string; readonly connection: number }[] =
      []
    for (let at = 20; at < 40; at += 1) {
      const first = refreshTokenOf(await exchange(asks(here), app(), token(at)))
      waiting.push({ legacyToken: token(at), first, connection: await newest() })
    }
    const said = { opaque: 0, jwt: 0 }
    const races = waiting.map(async ({ legacyToken, first, connection }, at) => {
      const isConfirmed = async () =>
        (await store.findConnectionByNumber(connection))?.confirmation === 'confirmed'
      const noted = async (answer: TestAnswer): Promise<string> => {
        if (isOpaque(answer)) said.opaque += 1
        else {
          said.jwt += 1
          assert.ok(await isConfirmed(), 'a JWT for a connection that still waits')
        }
        return refreshTokenOf(answer)
      }
      const repeats = Array.from({ length: 3 }, async () => {
        await noted(await exchange(asks(here), app(), legacyToken))
      })
      await Promise.all(repeats)
      const confirming = turns(at * 2).then(() => confirm(connection))
      let current = first
      for (let round = 0; round < 4; round += 1) {
        const asked = [0, 1, 2].map(async (turn) => {
          await turns(turn)
          return noted(await refresh(asks(here), app(), current))
        })
        current = (await Promise.all(asked))[0] ?? assert.fail()
      }
      assert.ok('granted' in (await confirming))
      assert.ok(!isOpaque(await refresh(asks(here), app(), current)))
    })
    await Promise.all(races)
    assert.ok(said.opaque > 60 && said.jwt > 10, JSON.stringify(said))
  })

  test('is woken by an operator who asks for less: what counts is the policy of now', async () => {
    const pair = await exchange(asks(here), app(), token(14))
    assert.deepEqual((await ask(accessTokenOf(pair))).json, asleep)
    const client = (await here.deployment.store.findClient(app().id)) ?? assert.fail()
    const under = (confirmation: string) => ({ ...client, policy: parsePolicy({ confirmation }) })
    const change = (to: typeof client, seen: typeof client) =>
      here.deployment.store.commit([{ write: 'change_client', client: to, seen }])
    await change(under('notify'), client)
    assert.equal((await ask(accessTokenOf(pair))).json.active, true)
    assert.ok(!isOpaque(await exchange(asks(here), app(), token(14))))
    await change(client, under('notify'))
    assert.deepEqual((await ask(accessTokenOf(pair))).json, asleep)
  })
})

suite('promises: what its user has not seen, a connection does not do', () => {
  const policy = { confirmation: 'required', rotate: 'always' }
  const wide = ['read', 'write', 'admin']
  let here: TestDeployment
  let bed: AccountBed
  let database: Database
  let app: App
  let users = 0
  before(async () => {
    here = await testDeployment({ mounts: ['standard'], policy, file: true })
    bed = accountBed(here)
    database = await openDatabase(here.config)
    const {
      id: _made,
      secrets: _none,
      ...client
    } = aClient({ name: 'Dialer', scopes: wide, mayIntrospect: true })
    const added = await perform(registerClient, { client, actor }, here.deployment.world)
    assert.ok('granted' in added)
    app = { id: added.granted.client.id, secret: added.granted.secret }
  })
  after(async () => {
    await database.close()
    await here.close()
  })

  /** A user, and a legacy token of theirs for each list of scopes. */
  async function someone(...lists: readonly (readonly string[])[]) {
    users += 1
    const id = `user-${users}`
    await bed.person({ id })
    const { ring, now } = here.deployment.world.moment()
    const version = currentVersion(ring, now)
    const tokens = lists.map((_, at) => `${id}-legacy-${at}`)
    const rows = lists.map((scopes, at) => ({
      ...aLegacyToken({ clientId: app.id, userId: id, scopes }),
      lookup: lookupOf(version, 'raw', Buffer.from(tokens[at] ?? '')),
      lookupVersion: version.version,
      alsoAs: [],
    }))
    assert.equal(await here.deployment.store.importLegacyTokens(rows), rows.length)
    return { id, tokens }
  }
  const trade = (token = '') => exchange(asks(here), app, token)
  const ask = async (answer: TestAnswer) => (await introspect(asks(here), app, accessTokenOf(answer))).json
  const connectionOf = async (userId: string) =>
    (await here.deployment.store.findConnection(app.id, userId, '')) ?? assert.fail()
  const confirm = (connection: number, store = here.deployment.store) =>
    perform(confirmConnectionForOperator, { connection, actor }, { ...here.deployment.world, store })
  const eventsOf = async (userId: string) =>
    (await here.deployment.store.listEvents(0, 10_000))
      .filter((event) => event.userId === userId)
      .map(({ kind, detail }) => (kind === 'legacy_token_exchanged' ? `exchanged ${newsIn(detail)}` : kind))

  test('a wider token after the confirmation sleeps, and so does all, until that is confirmed too', async () => {
    const { id, tokens } = await someone(['read'], wide)
    const narrow = await trade(tokens[0])
    const { number } = await connectionOf(id)
    assert.ok('granted' in (await confirm(number)))
    const awake = await refresh(asks(here), app, refreshTokenOf(narrow))
    assert.equal((await ask(awake)).active, true)

    const wider = await trade(tokens[1])
    assert.ok(accessTokenOf(wider).startsWith('tfa_'))
    assert.deepEqual(await ask(wider), asleep)
    assert.deepEqual(await ask(awake), asleep)
    assert.ok(accessTokenOf(await refresh(asks(here), app, refreshTokenOf(wider))).startsWith('tfa_'))
    assert.deepEqual(await eventsOf(id), ['exchanged connected', 'connection_confirmed', 'exchanged widened'])

    const browser = await bed.signIn(id)
    const page = await browser.get(`/account/apps/${number}`)
    for (const scope of wide) assert.match(page.text, new RegExp(`<li>${scope}</li>`))
    await browser.fill(page, /confirm/, {})
    assert.equal((await connectionOf(id)).confirmation, 'confirmed')
    for (const answer of [awake, wider]) assert.equal((await ask(answer)).active, true)
  })

  test('so it is after a plain consent to less', async () => {
    const { id, tokens } = await someone(wide)
    const allowed = await bed.connect({
      clientId: app.id,
      userId: id,
      origin: 'authorized',
      scopes: ['read'],
    })
    assert.deepEqual(await ask(await trade(tokens[0])), asleep)
    const { number, scopes, confirmation } = await connectionOf(id)
    assert.deepEqual([number, scopes, confirmation], [allowed.number, wide, 'pending'])
  })

  test('one that may do no more changes nothing: it is awake at once', async () => {
    const { id, tokens } = await someone(wide, ['read'])
    await trade(tokens[0])
    await confirm((await connectionOf(id)).number)
    const answer = await trade(tokens[1])
    assert.ok(!accessTokenOf(answer).startsWith('tfa_'))
    assert.equal((await ask(answer)).active, true)
    assert.equal((await eventsOf(id)).at(-1), 'exchanged undefined')
  })

  test('a confirmation over another store, just before an exchange commits, does not cover it', async () => {
    const { world } = here.deployment
    const other = sqlStore(database)
    for (const more of [['read'], wide]) {
      const { id, tokens } = await someone(['read'], more)
      await trade(tokens[0])
      const { number } = await connectionOf(id)
      const client = (await world.store.findClient(app.id)) ?? assert.fail()
      let commits = 0
      const overtaken: typeof world.store = {
        ...world.store,
        async commit(writes) {
          commits += 1
          if (commits === 1) assert.ok('granted' in (await confirm(number, other)))
          return world.store.commit(writes)
        },
      }
      const caller = aCaller({ client, policy: { ...defaultPolicy, ...parsePolicy(policy) } })
      const input = { caller, legacyToken: tokens[1] ?? '', as: 'user', wants: 'pair' } as const
      const answer = await perform(exchangeLegacyToken, input, { ...world, store: overtaken })
      assert.ok('granted' in answer)
      assert.equal(commits, 2, 'it was overtaken, and decided anew')
      const isWider = more === wide
      assert.equal(answer.granted.access?.format, isWider ? 'opaque' : 'jwt')
      assert.equal((await connectionOf(id)).confirmation, isWider ? 'pending' : 'confirmed')
      assert.deepEqual((await connectionOf(id)).scopes, more)
    }
  })

  test('however a confirmation and wider tokens race over two stores, no more is awake than was confirmed', async () => {
    const other = sqlStore(database)
    const seen = { covered: 0, waits: 0 }
    for (let round = 0; round < 24; round += 1) {
      const { id, tokens } = await someone(['read'], ['read', 'write'], wide)
      await trade(tokens[0])
      const { number } = await connectionOf(id)
      const confirming = (async () => {
        for (let turn = 0; turn < round; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        return confirm(number, other)
      })()
      const answers = await Promise.all([trade(tokens[1]), trade(tokens[2])])
      await confirming
      for (const answer of answers) assert.ok(accessTokenOf(answer).startsWith('tfa_'), 'a JWT beyond it')
      const { scopes, confirmation } = await connectionOf(id)
      assert.deepEqual([...scopes].sort(), [...wide].sort())
      const last = (await eventsOf(id)).at(-1)
      if (confirmation === 'confirmed') {
        assert.equal(last, 'connection_confirmed', 'nothing came to it after its user had looked')
        seen.covered += 1
      } else seen.waits += 1
    }
    assert.ok(seen.waits > 0, JSON.stringify(seen))
  })
})
