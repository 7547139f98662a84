import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { composeServer } from '../main.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { limits } from './limits.ts'
import { gatherUsage } from './usage.ts'

suite('http: the daily budget of exchanges', () => {
  let host: TestDeployment
  let tokens: readonly string[]
  let used = 0
  before(async () => {
    host = await testDeployment({ mounts: ['standard'] })
    const list = host.sections.standard?.legacy_tokens
    tokens = Array.isArray(list) ? list.map(String) : []
  })
  after(() => host.close())

  const clientId = (): string => String(host.sections.standard?.client_id)
  const next = (): string => tokens[used++] ?? assert.fail('There are no more tokens.')

  async function exchange(token: string, app: FastifyInstance = host.app): Promise<number> {
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:tokenferry:params:oauth:token-type:legacy',
      client_id: clientId(),
      client_secret: String(host.sections.standard?.client_secret),
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const payload = new URLSearchParams(form).toString()
    return (await app.inject({ method: 'POST', url: '/oauth2/token', headers, payload })).statusCode
  }

  async function allow(exchangesPerDayMax: number): Promise<void> {
    const { store } = host.deployment
    const seen = await store.findClient(clientId())
    assert.ok(seen)
    await store.commit([{ write: 'change_client', client: { ...seen, exchangesPerDayMax }, seen }])
    // Another day, so that nothing of the test before counts.
    host.clock.advance(86_400_000)
  }

  test('many requests at once get no more than the budget', async () => {
    await allow(3)
    const statuses = await Promise.all(Array.from({ length: 12 }, () => exchange(next())))
    assert.equal(statuses.filter((status) => status === 200).length, 3)
    assert.equal(statuses.filter((status) => status === 429).length, 9)
  })

  test('a refusal and a repeat take nothing of it', async () => {
    await allow(2)
    const token = next()
    for (const one of [token, 'unknown-token', token, 'another-unknown-token', token]) await exchange(one)
    assert.equal(await exchange(next()), 200)
    assert.equal(await exchange(next()), 429)
    assert.equal(await exchange(token), 200, 'an answer that was lost is said again, though all is spent')
    assert.equal(await exchange('unknown-token'), 400)
  })

  test('what another process has made counts within a second', async () => {
    await allow(3)
    const other = composeServer(host.deployment, { write: () => undefined })
    await other.ready()
    assert.equal(await exchange(next()), 200)
    assert.equal(await exchange(next(), other), 200)
    assert.equal(await exchange(next(), other), 200)
    // Closing writes what was counted.
    await other.close()
    host.clock.advance(1_000)
    assert.equal(await exchange(next()), 429)
  })

  test('a count that could not be written is written the next time', async () => {
    const { store, database } = host.deployment
    await allow(3)
    const client = await store.findClient(clientId())
    assert.ok(client)
    const now = () => host.clock.now
    const counted = limits(store, 100, now)
    const usage = gatherUsage(store, [counted], now)
    const reserved = await counted.reserve(client)
    reserved?.settle(true)
    await database.script('alter table counters rename to elsewhere')
    await assert.rejects(usage.flush())
    await database.script('alter table elsewhere rename to counters')
    await usage.flush()
    const today = host.clock.now - (host.clock.now % 86_400_000)
    assert.equal(await store.findCount(`exchanges:${client.id}`, today), 1)
  })
})
