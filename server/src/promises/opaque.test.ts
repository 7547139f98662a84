import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { dialects } from '../dialects/index.ts'
import { perform } from '../kernel/kernel.ts'
import { confirmConnectionForOperator } from '../kernel/operations/confirm-connection-for-operator.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { revokeConnection } from '../kernel/operations/revoke-connection.ts'
import { allow } from '../testing/allowing.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aClient } from '../testing/records.ts'
import type { App } from './asks.ts'
import { asks, countOf, exchange, introspect, refresh, standardApp } from './asks.ts'

const actor = { actor: 'operator', address: undefined, requestId: undefined }

/** What an app has; what it has not, it gets by a refresh. */
type Held = { readonly access: string | undefined; readonly refreshToken: string }

/** How an app of one dialect comes by tokens, refreshes them, and gives an access token up. */
type Way = {
  begin(here: TestDeployment): Promise<Held>
  refresh(here: TestDeployment, token: string): Promise<Held>
  revoke?(here: TestDeployment, token: string): Promise<TestAnswer>
}

const json = { 'content-type': 'application/json' }
const told = ({ sections }: TestDeployment, dialect: string, name: string): string =>
  [sections[dialect]?.[name]].flat().map(String)[0] ?? assert.fail(`${dialect} has no ${name}`)

function held(answer: TestAnswer): Held {
  assert.equal(answer.status, 200, answer.text)
  const { access_token, refresh_token, token } = answer.json
  return {
    access: access_token === undefined ? undefined : String(access_token),
    refreshToken: String(refresh_token ?? token),
  }
}

const sendForm = async (
  here: TestDeployment,
  dialect: string,
  path: string,
  body: Readonly<Record<string, string>>,
) => held(await here.request(`/${dialect}`, { path, body }))

const sendJson = async (
  here: TestDeployment,
  dialect: string,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
) => here.request(`/${dialect}`, { path, body: JSON.stringify(body), headers: { ...json, ...headers } })

const inBody = (here: TestDeployment, dialect: string) => ({
  client_id: told(here, dialect, 'client_id'),
  client_secret: told(here, dialect, 'client_secret'),
})

const ways: Readonly<Record<string, Way>> = {
  standard: {
    begin: async (here) =>
      held(await exchange(asks(here), standardApp(here), told(here, 'standard', 'legacy_tokens'))),
    refresh: async (here, token) => held(await refresh(asks(here), standardApp(here), token)),
    revoke: (here, token) => asks(here)('/oauth2/revoke', { token, ...inBody(here, 'standard') }),
  },
  pipedrive: {
    begin: (here) =>
      sendForm(here, 'pipedrive', '/oauth/token', {
        grant_type: 'exchange_api_token',
        api_token: told(here, 'pipedrive', 'legacy_tokens'),
        ...inBody(here, 'pipedrive'),
      }),
    refresh: (here, refresh_token) =>
      sendForm(here, 'pipedrive', '/oauth/token', {
        grant_type: 'refresh_token',
        refresh_token,
        ...inBody(here, 'pipedrive'),
      }),
    revoke: (here, token) =>
      here.request('/pipedrive', { path: '/oauth/revoke', body: { token, ...inBody(here, 'pipedrive') } }),
  },
  concur: {
    /** The app's own token is opaque, too, and has to be known where it proves the app. */
    async begin(here) {
      const own = await here.request('/concur', {
        path: '/oauth2/v0/token',
        body: { grant_type: 'client_credentials', ...inBody(here, 'concur') },
      })
      assert.equal(own.status, 200, own.text)
      const answer = await sendJson(
        here,
        'concur',
        `/appmgmt/v0/legacyApps/${told(here, 'concur', 'old_consumer_key')}/exchangeRefreshToken/me`,
        { token: told(here, 'concur', 'legacy_tokens'), secret: told(here, 'concur', 'client_secret') },
        { authorization: `Bearer ${own.json.access_token}` },
      )
      return held(answer)
    },
    refresh: (here, refresh_token) =>
      sendForm(here, 'concur', '/oauth2/v0/token', {
        grant_type: 'refresh_token',
        refresh_token,
        ...inBody(here, 'concur'),
      }),
  },
  clover: {
    async begin(here) {
      const merchant = {
        merchant_uuid: told(here, 'clover', 'merchant_uuid'),
        app_uuid: told(here, 'clover', 'app_uuid'),
        auth_token: told(here, 'clover', 'legacy_tokens'),
      }
      const code = await sendJson(here, 'clover', '/oauth/token/migrate_v2', merchant)
      const app = {
        client_id: told(here, 'clover', 'app_uuid'),
        client_secret: told(here, 'clover', 'app_secret'),
      }
      return held(
        await sendJson(here, 'clover', '/oauth/v2/token', { ...app, code: code.json.authorization_code }),
      )
    },
    async refresh(here, refresh_token) {
      const client_id = told(here, 'clover', 'app_uuid')
      return held(await sendJson(here, 'clover', '/oauth/v2/refresh', { client_id, refresh_token }))
    },
  },
  dch: {
    begin: (here) =>
      sendForm(here, 'dch', '/oauth2/token', {
        grant_type: 'exchange_token',
        app_id: told(here, 'dch', 'app_id'),
        app_version: told(here, 'dch', 'app_version'),
        client_secret: told(here, 'dch', 'client_secret'),
        token: told(here, 'dch', 'legacy_tokens'),
      }),
    refresh: (here, refresh_token) =>
      sendForm(here, 'dch', '/oauth2/token', {
        grant_type: 'refresh_token',
        app_id: told(here, 'dch', 'app_id'),
        client_secret: told(here, 'dch', 'client_secret'),
        refresh_token,
      }),
  },
  code: {
    async begin(here) {
      const redirect_uri = told(here, 'code', 'redirect_uri')
      const client_id = told(here, 'code', 'client_id')
      const query = new URLSearchParams({ response_type: 'code', client_id, redirect_uri, scope: 'read' })
      const code = (await allow(here, 'code', query.toString())).get('code') ?? assert.fail()
      const form = { grant_type: 'authorization_code', code, redirect_uri, ...inBody(here, 'code') }
      return sendForm(here, 'code', '/oauth2/token', form)
    },
    refresh: (here, refresh_token) =>
      sendForm(here, 'code', '/oauth2/token', {
        grant_type: 'refresh_token',
        refresh_token,
        ...inBody(here, 'code'),
      }),
  },
}

for (const policy of [{ access_format: 'opaque' }, { confirmation: 'required' }]) {
  const isRequired = 'confirmation' in policy
  suite(`promises: opaque tokens work in every dialect, under ${JSON.stringify(policy)}`, () => {
    let here: TestDeployment
    let api: App
    before(async () => {
      here = await testDeployment({ policy })
      const { id: _made, secrets: _none, ...client } = aClient({ name: 'The API', mayIntrospect: true })
      const added = await perform(registerClient, { client, actor }, here.deployment.world)
      assert.ok('granted' in added)
      api = { id: added.granted.client.id, secret: added.granted.secret }
    })
    after(() => here.close())
    const asked = async (token: string) => (await introspect(asks(here), api, token)).json

    for (const { name, policy: own } of dialects) {
      test(`${name}: got, introspected, refreshed, revoked`, async () => {
        const way = ways[name] ?? assert.fail(`Nobody says how an app of ${name} comes by tokens.`)
        const first = await way.begin(here)
        const second = await way.refresh(here, first.refreshToken)
        const said = [first.access, second.access].filter((access) => access !== undefined)
        const number = await countOf(here, 'select max(number) from connections')
        const connection = (await here.deployment.store.findConnectionByNumber(number)) ?? assert.fail()
        // What a user has allowed on the page waits for nobody.
        const { confirmation = 'none' } = { ...own, ...policy }
        const isPending = connection.origin === 'migrated' && confirmation !== 'none'
        assert.equal(connection.confirmation, isPending ? 'pending' : 'not_needed')
        const waits = isPending && isRequired
        if (waits) {
          for (const access of said)
            assert.deepEqual(await asked(access), { active: false, inactive_reason: 'confirmation_pending' })
          const input = { connection: number, actor }
          assert.ok('granted' in (await perform(confirmConnectionForOperator, input, here.deployment.world)))
        }
        for (const access of said) {
          assert.equal(access.startsWith('tfa_'), !isRequired || waits)
          const { active, client_id, sub } = await asked(access)
          assert.deepEqual([active, client_id, sub], [true, connection.clientId, connection.userId])
        }

        const third = await way.refresh(here, second.refreshToken)
        assert.equal(third.access?.startsWith('tfa_'), !isRequired)
        const [one = '', other = ''] = [said.at(-1), third.access]
        if (way.revoke) {
          assert.equal((await way.revoke(here, one)).status, 200)
          assert.deepEqual(await asked(one), { active: false })
        }
        assert.equal((await asked(other)).active, true)
        await perform(revokeConnection, { connection: number, actor }, here.deployment.world)
        for (const access of [...said, other]) assert.deepEqual(await asked(access), { active: false })
      })
    }
  })
}
