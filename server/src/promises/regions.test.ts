import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { perform } from '../kernel/kernel.ts'
import { changeOrganization } from '../kernel/operations/change-organization.ts'
import { changeUser } from '../kernel/operations/change-user.ts'
import type { Deployment } from '../main.ts'
import { composeServer, openDeployment } from '../main.ts'
import { allow } from '../testing/allowing.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testConfig, testDeployment } from '../testing/deployment.ts'
import { dump } from './asks.ts'

const regions = { us: 'http://127.0.0.1:4000', eu: 'http://127.0.0.1:4001' }
type Region = keyof typeof regions
const mounts = ['standard', 'concur']
const operator = { actor: 'operator', address: undefined, requestId: undefined }

suite('promises: two regions on one database', () => {
  let here: TestDeployment
  let there: { readonly deployment: Deployment; readonly app: FastifyInstance }

  before(async () => {
    here = await testDeployment({ mounts, file: true, config: { region: 'us', regions } })
    const settings = { region: 'eu', regions, public_url: regions.eu }
    const { database } = here.config
    const config = testConfig({ mounts, config: { database, ...settings } }, '')
    const deployment = await openDeployment(config, { now: () => here.clock.now, numbers: true })
    const app = composeServer(deployment, { write: () => undefined })
    await app.ready()
    there = { deployment, app }
  })
  after(async () => {
    await there.app.close()
    await there.deployment.close()
    await here.close()
  })

  type Form = Readonly<Record<string, string | undefined>>
  async function ask(region: Region, url: string, form: Form, headers: Record<string, string> = {}) {
    const told = Object.entries(form).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as [string, string]],
    )
    const answer = await (region === 'us' ? here.app : there.app).inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: new URLSearchParams(told).toString(),
    })
    const json: Record<string, unknown> = answer.json()
    return { status: answer.statusCode, json }
  }
  const said = (name: string): string => String(here.sections.concur?.[name])
  const trusted = () => ({
    client_id: said('trusted_client_id'),
    client_secret: said('trusted_client_secret'),
  })
  const token = (region: Region, form: Form) =>
    ask(region, '/concur/oauth2/v0/token', { ...trusted(), ...form })
  const password = (region: Region, secret = said('password')) =>
    token(region, { grant_type: 'password', username: said('username'), password: secret })
  const refresh = (region: Region, refreshToken: unknown) =>
    token(region, { grant_type: 'refresh_token', refresh_token: String(refreshToken) })
  const elsewhere = (at: Region) => [
    400,
    {
      code: 16,
      error: 'invalid_request',
      error_description: 'user lives elsewhere',
      geolocation: `${regions[at]}/concur`,
    },
  ]

  const moveUser = async (region: Region | undefined) => {
    const input = { userId: said('username'), change: { region }, actor: operator }
    assert.ok('granted' in (await perform(changeUser, input, here.deployment.world)))
  }

  test('whoever lives elsewhere is told where, nothing is changed, and there it works', async () => {
    await moveUser('eu')
    const before = await dump(here)
    const { status, json } = await password('us')
    assert.deepEqual([status, json], elsewhere('eu'))
    assert.equal(await dump(here), before)
    const granted = await password('eu')
    assert.equal(granted.status, 200)
    assert.equal(granted.json.geolocation, `${regions.eu}/concur`)

    const again = await refresh('us', granted.json.refresh_token)
    assert.deepEqual([again.status, again.json], elsewhere('eu'))
    assert.equal((await refresh('eu', granted.json.refresh_token)).status, 200)
    await moveUser(undefined)
  })

  test('a wrong password is wrong everywhere: nobody finds out by it where somebody lives', async () => {
    await moveUser('eu')
    const answers = [await password('us', 'wrong'), await password('eu', 'wrong')]
    assert.deepEqual(
      answers.map(({ json }) => [json.code, json.geolocation]),
      [
        [5, undefined],
        [5, undefined],
      ],
    )
    await moveUser(undefined)
  })

  test('without a region of their own, users live where their organization does', async () => {
    // As the sample's organizations do.
    assert.deepEqual(
      [(await password('us')).status, (await password('eu')).json.geolocation],
      [200, `${regions.us}/concur`],
    )
    const { json } = await password('us')
    const { store } = here.deployment
    const alice = await store.findUserByUsername(said('username'))
    const [membership] = await store.findMemberships(alice?.id ?? '')
    assert.ok(membership)
    const move = async (region: string | undefined) => {
      const input = { organizationId: membership.organization.id, change: { region }, actor: operator }
      assert.ok('granted' in (await perform(changeOrganization, input, here.deployment.world)))
    }
    await move('eu')
    const moved = await refresh('us', json.refresh_token)
    assert.deepEqual([moved.status, moved.json], elsewhere('eu'))
    assert.equal((await refresh('eu', json.refresh_token)).status, 200)
    // One that nobody configured has nobody; and no address but a configured one is ever said, since the app
    // would send its secret there.
    for (const region of ['moon', 'https://us2.api.example']) {
      await move(region)
      const answer = await password('us')
      assert.deepEqual([answer.status, answer.json.geolocation], [200, `${regions.us}/concur`])
    }
    await move('us')
  })

  test('an authorization code is redeemed at home alone, and stays good for that', async () => {
    await moveUser('us')
    const query = new URLSearchParams({
      client_id: trusted().client_id,
      redirect_uri: said('redirect_uri'),
      response_type: 'code',
      scope: 'LIST',
      state: 's',
    })
    const code = (await allow(here, 'concur', query.toString())).get('code')
    assert.ok(code)
    const form = { grant_type: 'authorization_code', code, redirect_uri: said('redirect_uri') }
    await moveUser('eu')
    const before = await dump(here)
    const refused = await token('us', form)
    assert.deepEqual([refused.status, refused.json], elsewhere('eu'))
    assert.equal(await dump(here), before)
    assert.equal((await token('eu', form)).status, 200)
    await moveUser(undefined)
  })

  test('an application token of either region exchanges a legacy token at either', async () => {
    const app = { client_id: said('client_id'), client_secret: said('client_secret') }
    const own = async (region: Region) =>
      (await ask(region, '/concur/oauth2/v0/token', { grant_type: 'client_credentials', ...app })).json
        .access_token
    const [legacy = ''] = [here.sections.concur?.legacy_tokens].flat().map(String)
    const tokens: unknown[] = []
    for (const [issued, asked] of [
      ['us', 'eu'],
      ['eu', 'us'],
    ] as const) {
      const path = `/concur/v0/legacyApps/${said('old_consumer_key')}/exchangeRefreshToken/me`
      const inject = (asked === 'us' ? here.app : there.app).inject({
        method: 'POST',
        url: path,
        headers: { authorization: `Bearer ${await own(issued)}` },
        payload: JSON.stringify({ token: legacy, secret: app.client_secret }),
      })
      const answer = await inject
      assert.equal(answer.statusCode, 200, answer.payload)
      tokens.push(answer.json().token)
    }
    // The same one, said again: both compute it of one ring.
    assert.equal(tokens[0], tokens[1])
  })

  test('an access token of one region is introspected and revoked at the other', async () => {
    const app = {
      client_id: String(here.sections.standard?.client_id),
      client_secret: String(here.sections.standard?.client_secret),
    }
    const made = await ask('us', '/oauth2/token', { grant_type: 'client_credentials', ...app })
    const form = { token: String(made.json.access_token), ...app }
    const seen = await ask('eu', '/oauth2/introspect', form)
    assert.deepEqual([seen.json.active, seen.json.iss], [true, regions.us])
    const revoke = await there.app.inject({
      method: 'POST',
      url: '/oauth2/revoke',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(form).toString(),
    })
    assert.equal(revoke.statusCode, 200)
    assert.equal((await ask('us', '/oauth2/introspect', form)).json.active, false)
  })
})
