/** The app learns of it: what a user does on the pages arrives at the app's own address. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { findDialect } from '../dialects/index.ts'
import { perform } from '../kernel/kernel.ts'
import { changeCallback } from '../kernel/operations/change-callback.ts'
import { rotateCallbackSecret } from '../kernel/operations/rotate-callback-secret.ts'
import { rotateClientSecret } from '../kernel/operations/rotate-client-secret.ts'
import type { AppServer } from '../testing/app-server.ts'
import { appServer } from '../testing/app-server.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { Visitor } from '../testing/visitor.ts'
import { visitor } from '../testing/visitor.ts'
import { asks, exchange, refresh, refreshTokenOf, standardApp } from './asks.ts'

type Section = Readonly<Record<string, string>> & { readonly legacy_tokens: readonly string[] }
type Told = { readonly type: string; readonly data: { readonly confirmation?: string } }
const operator = { actor: 'operator', address: undefined, requestId: undefined }

suite('promises: apps are told', () => {
  let here: TestDeployment
  let app: AppServer

  before(async () => {
    app = await appServer()
    here = await testDeployment({
      mounts: ['standard', 'pipedrive'],
      policy: { confirmation: 'notify', rotate: 'always' },
      config: { callbacks: { allow_private: ['127.0.0.0/8'] } },
    })
  })
  after(async () => {
    await here.close()
    await app.close()
  })

  const sectionOf = (name: string): Section => here.sections[name] as unknown as Section // As its sample says.

  async function callbackFor(clientId: string, callbackShowsSecret: boolean): Promise<void> {
    const input = { clientId, callback: app.url, callbackShowsSecret, actor: operator }
    assert.ok('granted' in (await perform(changeCallback, input, here.deployment.world)))
  }

  /** Alice, signed in at her apps. */
  async function alice({ username = '', password = '' }: Section): Promise<Visitor> {
    const user = visitor(here.app)
    const page = await user.get('/account/apps')
    assert.equal((await user.fill(page, /sign-in/, { username, password })).status, 303)
    return user
  }

  async function uninstall(user: Visitor): Promise<void> {
    const page = await user.get('/account/apps')
    const [, path = ''] = /href="(\/account\/apps\/\d+\/uninstall)"/.exec(page.text) ?? []
    const question = await user.get(path)
    assert.equal((await user.fill(question, /uninstall$/, {})).status, 303)
  }

  /** What the app has heard, once there is so much of it. */
  async function heard(count: number): Promise<AppServer['heard']> {
    while (app.heard.length < count) await new Promise((resolve) => setTimeout(resolve, 10))
    return app.heard.slice(0, count)
  }

  test('by signed webhooks: moved over, confirmed, reused, taken back', { timeout: 60_000 }, async () => {
    const section = sectionOf('standard')
    const { world } = here.deployment
    await callbackFor(section.client_id ?? '', false)
    const rotating = { clientId: section.client_id ?? '', overlap: 0, actor: operator }
    const rotated = await perform(rotateCallbackSecret, rotating, world)
    assert.ok('granted' in rotated)
    const [first = ''] = section.legacy_tokens
    const moved = refreshTokenOf(await exchange(asks(here), standardApp(here), first))
    await heard(1)
    const user = await alice(section)
    const page = await user.get('/account/apps')
    assert.equal((await user.fill(page, /confirm$/, {})).status, 303)
    await heard(2)
    const next = refreshTokenOf(await refresh(asks(here), standardApp(here), moved))
    refreshTokenOf(await refresh(asks(here), standardApp(here), next))
    assert.equal((await refresh(asks(here), standardApp(here), moved)).status, 400)
    await heard(3)
    await uninstall(user)
    const told = (await heard(4)).map(({ body, headers }) => {
      const texts = Object.entries(headers).map(([name, value]) => [name, String(value)])
      return new Webhook(rotated.granted.secret).verify(body, Object.fromEntries(texts)) as Told
    })
    assert.deepEqual(
      told.map(({ type }) => type),
      ['legacy_token.exchanged', 'grant.confirmed', 'refresh_token.reused', 'grant.revoked'],
    )
    assert.deepEqual(
      told.map(({ data }) => data.confirmation),
      ['pending', undefined, undefined, undefined],
    )
  })

  test('in the words of its dialect: Pipedrive deletes at the app’s address', {
    timeout: 60_000,
  }, async () => {
    const section = sectionOf('pipedrive')
    const { client_id: clientId = '' } = section
    const shows = findDialect('pipedrive')?.uninstalled !== undefined
    await callbackFor(clientId, shows)
    const rotating = { clientId, overlap: undefined, callbackShowsSecret: shows, actor: operator }
    const rotated = await perform(rotateClientSecret, rotating, here.deployment.world)
    assert.ok('granted' in rotated)
    const basic = `Basic ${Buffer.from(`${clientId}:${rotated.granted.secret}`).toString('base64')}`
    const exchanged = await here.request('/pipedrive', {
      path: '/oauth/token',
      headers: { authorization: basic },
      body: { grant_type: 'exchange_api_token', api_token: section.legacy_tokens[0] ?? '' },
    })
    assert.equal(exchanged.status, 200, exchanged.text)
    const before = app.heard.length
    await uninstall(await alice(section))
    const call = (await heard(before + 1)).at(-1)
    assert.equal(call?.method, 'DELETE')
    assert.equal(call?.headers.authorization, basic)
    const { client_id, company_id, user_id, timestamp, ...more } = JSON.parse(call?.body ?? '')
    assert.equal(client_id, clientId)
    const owner = await here.deployment.store.findUserByUsername(section.username ?? '')
    assert.equal(user_id, owner?.id)
    assert.ok(company_id && !Number.isNaN(Date.parse(timestamp)))
    assert.deepEqual(more, {})
  })
})
