/** What apps are told, over the wire, verified as they verify it. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { findDialect } from '../dialects/index.ts'
import { event } from '../kernel/decision.ts'
import { perform } from '../kernel/kernel.ts'
import { changeCallback } from '../kernel/operations/change-callback.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { rotateCallbackSecret } from '../kernel/operations/rotate-callback-secret.ts'
import { rotateClientSecret } from '../kernel/operations/rotate-client-secret.ts'
import type { CallbackKind, Client, Delivery, Event } from '../kernel/records.ts'
import type { Outcome } from '../outbox/sender.ts'
import type { AppServer, Heard } from '../testing/app-server.ts'
import { appServer } from '../testing/app-server.ts'
import { grantedBy } from '../testing/decisions.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aClient, aConnection, aDelivery } from '../testing/records.ts'
import { callbackSender } from './callback-sender.ts'
import { guardedRequest } from './guarded-request.ts'
import { reachable } from './reachable.ts'

const operator = { actor: 'operator', address: undefined, requestId: undefined }
const hour = 3_600_000

let here: TestDeployment
let app: AppServer
before(async () => {
  here = await testDeployment({ seed: false, mounts: ['standard', 'pipedrive'] })
})
after(() => here.close())
beforeEach(async () => {
  app = await appServer()
})
afterEach(() => app.close())

const store = () => here.deployment.store
const world = () => here.deployment.world
const senderTo = (...allowed: readonly string[]) =>
  callbackSender({
    world: world(),
    findDialect,
    send: guardedRequest({ reachable: reachable(allowed), timeoutMilliseconds: 5_000 }),
  })

/** A new client that is told things at the app's address. */
async function added(changes: Partial<Client> = {}): Promise<{ client: Client; secret: string }> {
  const { id: _id, ...rest } = aClient({ callback: app.url, ...changes })
  const callbackShowsSecret = findDialect(rest.dialect)?.uninstalled !== undefined
  const input = { client: rest, actor: operator, callbackShowsSecret }
  const { client, secret } = grantedBy({ answer: await perform(registerClient, input, world()), writes: [] })
  return { client, secret: secret ?? '' }
}

/** Something happens to the client's grants; what is to be told of it. */
async function happened(
  client: Client,
  kind: Event['kind'],
  callback: CallbackKind,
  actor = 'user:alice',
): Promise<Delivery> {
  const about = { clientId: client.id, userId: 'alice', organizationId: 'acme', grantNumber: 4711 }
  const write = event(kind, here.clock.now, { ...operator, actor }, about)
  assert.equal(await store().commit([write]), 'committed')
  const told = (await store().listEvents(0, 10_000)).at(-1)
  assert.ok(told)
  return aDelivery({
    id: `delivery-${told.id}`,
    kind: callback,
    clientId: client.id,
    userId: 'alice',
    organizationId: 'acme',
    event: told.id,
    at: told.at,
    due: told.at,
    attempts: 1,
    claimedBy: 'this process',
  })
}

const send = (delivery: Delivery): Promise<Outcome> => senderTo('127.0.0.0/8')(delivery)
const sent: Outcome = { outcome: 'sent' }
const problemOf = (outcome: Outcome): string => (outcome.outcome === 'sent' ? '' : outcome.problem)

/** The secret that a rotation says. */
async function rotated(client: Client, overlap: number): Promise<string> {
  const input = { clientId: client.id, overlap, actor: operator }
  return grantedBy({ answer: await perform(rotateCallbackSecret, input, world()), writes: [] }).secret
}

const verified = (
  { body, headers }: Heard | undefined = assert.fail('nothing came'),
  secret: string,
): unknown => {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)])
  return new Webhook(secret).verify(body, Object.fromEntries(texts))
}
const refused = { name: 'WebhookVerificationError' }

suite('telling apps: signed webhooks', () => {
  const kinds: readonly (readonly [Event['kind'], CallbackKind])[] = [
    ['grant_created', 'grant.created'],
    ['connection_confirmed', 'grant.confirmed'],
    ['connection_revoked', 'grant.revoked'],
    ['legacy_token_exchanged', 'legacy_token.exchanged'],
    ['refresh_token_reused', 'refresh_token.reused'],
  ]
  for (const [kind, callback] of kinds) {
    test(`${callback} arrives, and the reference library verifies it`, async () => {
      const { client } = await added()
      const secret = await rotated(client, 0)
      assert.deepEqual(await send(await happened(client, kind, callback)), sent)
      const [heard] = app.heard
      assert.deepEqual(
        [heard?.method, heard?.path, heard?.headers['content-type']],
        ['POST', '/hook', 'application/json'],
      )
      assert.deepEqual(verified(heard, secret), {
        type: callback,
        timestamp: new Date(here.clock.now).toISOString(),
        data: {
          client_id: client.id,
          user_id: 'alice',
          organization_id: 'acme',
          actor: 'user',
          ...(callback === 'grant.revoked' && { reason: 'uninstalled' }),
        },
      })
    })
  }

  test('that the user has still to confirm is said with the exchange alone, and only while it is so', async () => {
    const { client } = await added()
    const secret = await rotated(client, 0)
    const about = { number: 4711, clientId: client.id, userId: 'alice', organizationId: 'acme' }
    const connection = aConnection({ ...about, confirmation: 'pending' })
    const opened = { connection, grantNumber: 4712, grantsMax: 1, at: here.clock.now, isNew: true }
    const known = event('legacy_token_exchanged', here.clock.now, operator, { clientId: client.id })
    assert.equal(await store().commit([known, { write: 'open_connection', ...opened }]), 'committed')
    const exchanged = await happened(client, 'legacy_token_exchanged', 'legacy_token.exchanged')
    await send(exchanged)
    await send(await happened(client, 'grant_created', 'grant.created'))
    assert.equal(await store().commit([{ write: 'confirm_connection', connection }]), 'committed')
    await send(exchanged)
    const confirmations = app.heard.map((heard) => {
      const { data } = verified(heard, secret) as { readonly data: { readonly confirmation?: string } }
      return data.confirmation
    })
    assert.deepEqual(confirmations, ['pending', undefined, undefined])
  })

  test('a changed body, another id, another secret or an old request is not verified', async () => {
    const { client } = await added()
    const secret = await rotated(client, 0)
    await send(await happened(client, 'grant_created', 'grant.created'))
    const [heard] = app.heard
    assert.ok(heard)
    const changed = { ...heard, body: heard.body.replace('alice', 'mallory') }
    const renamed = { ...heard, headers: { ...heard.headers, 'webhook-id': 'msg_another' } }
    const old = { ...heard, headers: { ...heard.headers, 'webhook-timestamp': '1700000000' } }
    for (const forged of [changed, renamed, old]) assert.throws(() => verified(forged, secret), refused)
    assert.throws(() => verified(heard, `whsec_${Buffer.alloc(32).toString('base64')}`), refused)
  })

  test('each attempt has the same id and its own time', async () => {
    const { client } = await added()
    const secret = await rotated(client, 0)
    const delivery = await happened(client, 'grant_created', 'grant.created')
    await send(delivery)
    here.clock.advance(2000)
    await send(delivery)
    await send(await happened(client, 'grant_created', 'grant.created'))
    const [first, second, other] = app.heard.map(({ headers }) => headers)
    assert.equal(first?.['webhook-id'], second?.['webhook-id'])
    assert.notEqual(first?.['webhook-id'], other?.['webhook-id'])
    assert.equal(Number(second?.['webhook-timestamp']) - Number(first?.['webhook-timestamp']), 2)
    for (const heard of app.heard) verified(heard, secret)
    assert.equal(first?.['webhook-id'], `msg_${delivery.id}`)
  })

  test('while a secret is rotated each of them verifies, and afterwards the new one alone', async () => {
    const { client } = await added()
    const old = await rotated(client, 0)
    const fresh = await rotated(client, hour)
    await send(await happened(client, 'grant_created', 'grant.created'))
    here.clock.advance(hour)
    await send(await happened(client, 'grant_created', 'grant.created'))
    here.clock.advance(-hour)
    const [during, later] = app.heard
    assert.equal(String(during?.headers['webhook-signature']).split(' ').length, 2)
    for (const secret of [old, fresh]) verified(during, secret)
    assert.equal(String(later?.headers['webhook-signature']).split(' ').length, 1)
    assert.throws(() => verified(during, `whsec_${Buffer.alloc(32, 1).toString('base64')}`), refused)
    // The library reckons with the real clock, so the signatures are compared.
    const { headers, body } = later ?? assert.fail()
    const time = new Date(Number(headers['webhook-timestamp']) * 1000)
    const signedBy = (secret: string) => new Webhook(secret).sign(String(headers['webhook-id']), time, body)
    assert.equal(headers['webhook-signature'], signedBy(fresh))
    assert.notEqual(headers['webhook-signature'], signedBy(old))
  })
})

suite('telling apps: what they answer', () => {
  test('200 to 299 are taken for received; anything else but 410 is asked again', async () => {
    const { client } = await added()
    const delivery = await happened(client, 'grant_created', 'grant.created')
    for (const status of [200, 201, 202, 204, 299]) {
      app.answer(status)
      assert.deepEqual(await send(delivery), sent)
    }
    for (const status of [300, 301, 302, 307, 308, 400, 401, 403, 404, 408, 409, 425, 429, 500, 502, 503]) {
      app.answer(status, status < 400 ? { location: app.url } : {})
      assert.deepEqual(await send(delivery), {
        outcome: 'failed',
        problem: `The address answered ${status}.`,
      })
    }
    assert.equal(app.heard.length, 21)
  })

  test('429 and 503 say how long to wait', async () => {
    const { client } = await added()
    const delivery = await happened(client, 'grant_created', 'grant.created')
    for (const status of [429, 503]) {
      app.answer(status, { 'retry-after': '90' })
      const outcome = await send(delivery)
      assert.equal(outcome.outcome === 'failed' && outcome.retryAfterSeconds, 90)
    }
  })

  test('410 turns the callback off, once, and what else waits is dropped', async () => {
    const { client } = await added()
    const deliveries = [
      await happened(client, 'grant_created', 'grant.created'),
      await happened(client, 'connection_revoked', 'grant.revoked'),
    ]
    app.answer(410)
    const outcomes = await Promise.all(deliveries.map(send))
    assert.deepEqual(new Set(outcomes.map(({ outcome }) => outcome)), new Set(['dropped']))
    assert.equal((await store().findClient(client.id))?.callbackStatus, 'off')
    const told = (await store().listEvents(0, 10_000)).filter(
      ({ kind, clientId }) => kind === 'callback_disabled' && clientId === client.id,
    )
    assert.equal(told.length, 1)
    const before = app.heard.length
    const outcome = await send(deliveries[0] ?? assert.fail())
    assert.deepEqual([outcome.outcome, app.heard.length], ['dropped', before])
  })

  test('an app that is not reached is a failure that names no address of it', async () => {
    const { client } = await added({ callback: `${app.url}?key=in-the-address` })
    const delivery = await happened(client, 'grant_created', 'grant.created')
    await app.close()
    const outcome = await send(delivery)
    assert.equal(outcome.outcome, 'failed')
    assert.doesNotMatch(problemOf(outcome), /in-the-address|hook/)
  })

  test('an address that is not public is refused, however it is written', async () => {
    const port = new URL(app.url).port
    for (const callback of [
      `https://127.0.0.1:${port}/`,
      `https://2130706433:${port}/`,
      `https://localhost:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      `http://127.0.0.1:${port}/`,
    ]) {
      const { client } = await added({ callback })
      const delivery = await happened(client, 'grant_created', 'grant.created')
      const outcome = await senderTo()(delivery)
      assert.equal(outcome.outcome, 'failed')
      assert.match(problemOf(outcome), /callbacks\.allow_private/)
    }
    assert.equal(app.heard.length, 0)
  })
})

suite('telling apps: what has changed since it was planned', () => {
  const dropped = async (delivery: Delivery): Promise<void> => {
    assert.equal((await send(delivery)).outcome, 'dropped')
    assert.equal(app.heard.length, 0)
  }
  const change = async (client: Client, asked: object): Promise<void> => {
    const input = { clientId: client.id, callbackShowsSecret: false, actor: operator, ...asked }
    grantedBy({ answer: await perform(changeCallback, input, world()), writes: [] })
  }

  test('nothing is sent for an app that is told nothing any more, or not of this', async () => {
    const { client } = await added()
    const delivery = await happened(client, 'grant_created', 'grant.created')
    await change(client, { events: ['grant.revoked'] })
    await dropped(delivery)
    await change(client, { callback: { none: true } })
    await dropped(delivery)
  })

  test('nothing is sent of an event that is gone, or for an app that is', async () => {
    const { client } = await added()
    const delivery = await happened(client, 'grant_created', 'grant.created')
    await dropped({ ...delivery, event: 1_000_000 })
    await dropped({ ...delivery, clientId: 'nobody' })
  })

  test('it goes to the address of now, signed by the secret of now', async () => {
    const elsewhere = await appServer()
    const { client } = await added()
    const delivery = await happened(client, 'grant_created', 'grant.created')
    await change(client, { callback: elsewhere.url })
    const secret = await rotated(client, 0)
    assert.deepEqual(await send(delivery), sent)
    verified(elsewhere.heard[0], secret)
    assert.equal(app.heard.length, 0)
    await elsewhere.close()
  })

  test('without a secret that can be computed it says what to do', async () => {
    const { client } = await added()
    const delivery = await happened(client, 'grant_created', 'grant.created')
    await store().commit([{ write: 'end_callback_secrets', clientId: client.id, at: here.clock.now }])
    const outcome = await send(delivery)
    assert.equal(outcome.outcome, 'failed')
    assert.match(problemOf(outcome), /tokenferry webhook rotate-secret/)
  })
})

suite('telling apps: a dialect’s own call', () => {
  const basic = (client: Client, secret: string): string =>
    `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`

  test('Pipedrive: DELETE, with the app’s own credentials, says who took it out and when', async () => {
    const { client, secret } = await added({ dialect: 'pipedrive' })
    assert.deepEqual(await send(await happened(client, 'connection_revoked', 'grant.revoked')), sent)
    const [heard] = app.heard
    assert.deepEqual(
      [heard?.method, heard?.path, heard?.headers['content-type']],
      ['DELETE', '/hook', 'application/json'],
    )
    assert.equal(heard?.headers.authorization, basic(client, secret))
    assert.deepEqual(JSON.parse(heard?.body ?? ''), {
      client_id: client.id,
      company_id: 'acme',
      user_id: 'alice',
      timestamp: new Date(here.clock.now).toISOString(),
    })
    assert.equal(heard?.headers['webhook-signature'], undefined)
  })

  test('any answer will do, and an app that is not reached is called again', async () => {
    const { client } = await added({ dialect: 'pipedrive' })
    const delivery = await happened(client, 'connection_revoked', 'grant.revoked')
    for (const status of [200, 302, 401, 404, 410, 500]) {
      app.answer(status)
      assert.deepEqual(await send(delivery), sent)
    }
    assert.equal((await store().findClient(client.id))?.callbackStatus, 'on')
    await app.close()
    assert.equal((await send(delivery)).outcome, 'failed')
  })

  test('after a rotation the new secret is shown, also where the old one is still good', async () => {
    const { client } = await added({ dialect: 'pipedrive' })
    const input = { clientId: client.id, overlap: hour, actor: operator, callbackShowsSecret: true }
    const answer = await perform(rotateClientSecret, input, world())
    const { secret } = grantedBy({ answer, writes: [] })
    await send(await happened(client, 'connection_revoked', 'grant.revoked'))
    assert.equal(app.heard[0]?.headers.authorization, basic(client, secret))
  })

  test('without a sealed secret nobody is called, and it says what to do', async () => {
    const { client } = await added({ dialect: 'pipedrive', callback: undefined })
    const set = { clientId: client.id, callback: app.url, callbackShowsSecret: true, actor: operator }
    grantedBy({ answer: await perform(changeCallback, set, world()), writes: [] })
    const delivery = await happened(client, 'connection_revoked', 'grant.revoked')
    const outcome = await send(delivery)
    assert.match(problemOf(outcome), /tokenferry client rotate-secret/)
    assert.deepEqual([outcome.outcome, app.heard.length], ['failed', 0])
  })

  test('an app that gave up its token itself is not called', async () => {
    const { client } = await added({ dialect: 'pipedrive' })
    const delivery = await happened(client, 'connection_revoked', 'grant.revoked', `client:${client.id}`)
    assert.equal((await send(delivery)).outcome, 'dropped')
    assert.equal(app.heard.length, 0)
  })
})
