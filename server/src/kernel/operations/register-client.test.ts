import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aClient, aMoment, aRing, aRingVersion, noon } from '../../testing/records.ts'
import { authenticateClient } from './authenticate-client.ts'
import { registerClient } from './register-client.ts'

const moment = aMoment(aRing([aRingVersion(2, noon + 10_000), aRingVersion(1)]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const {
  id: _id,
  status: _status,
  tokensValidAfter: _after,
  secrets: _secrets,
  logo: _logo,
  ...client
} = aClient()

suite('register client', () => {
  test('an id or identifier that somebody has is refused', () => {
    const { answer, writes } = registerClient.decide({ client, actor }, [aClient({ id: 'other' })], moment)
    assert.deepEqual(answer, { refused: { reason: 'record_exists', parameter: 'other' } })
    assert.deepEqual(writes, [])
  })

  test('the secret that is said proves the client, and what is written does not hold it', () => {
    const { answer, writes } = registerClient.decide({ client, actor }, [], moment)
    assert.ok('granted' in answer)
    const { client: added, secret } = answer.granted
    assert.match(secret ?? '', /^[\w-]{43}$/)
    const proof = { clientId: added.id, secret, dialect: 'standard', proof: 'required' } as const
    const proven = authenticateClient.decide(proof, { client: added, pathClient: undefined }, moment).answer
    assert.ok('granted' in proven && proven.granted.proven)
    assert.equal(JSON.stringify(writes).includes(secret ?? ''), false)
  })

  test('the secret is kept under the version that is current, not under the next one', () => {
    const { answer } = registerClient.decide({ client, actor }, [], moment)
    assert.ok('granted' in answer)
    assert.equal(answer.granted.client.secrets[0]?.keyVersion, 1)
  })

  test('a made id is letters and digits, a chosen one is kept', () => {
    const made = registerClient.decide({ client, actor }, [], moment).answer
    assert.match('granted' in made ? made.granted.client.id : '', /^[0-9A-Za-z]{17}$/)
    const chosen = registerClient.decide({ client: { ...client, id: 'KEY-1' }, actor }, [], moment).answer
    assert.equal('granted' in chosen && chosen.granted.client.id, 'KEY-1')
  })

  test('its picture comes in with it', () => {
    const logo = { name: `${'1'.repeat(64)}.png`, bytes: Buffer.from([1]) }
    const { answer, writes } = registerClient.decide({ client, logo, actor }, [], moment)
    assert.equal('granted' in answer && answer.granted.client.logo, logo.name)
    assert.deepEqual(
      writes.map(({ write }) => write),
      ['add_client', 'put_logo', 'add_client_secret', 'append_event'],
    )
  })

  const told = { ...client, callback: 'https://app.example/hook' }
  const writesOf = (asked: Parameters<typeof registerClient.decide>[0]) =>
    registerClient.decide(asked, [], moment).writes

  test('a client that is told things has a first secret that signs them', () => {
    const writes = writesOf({ client: told, actor })
    assert.deepEqual(
      writes.map(({ write }) => write),
      ['add_client', 'add_client_secret', 'add_callback_secret', 'append_event'],
    )
    const [, secret] = writes
    assert.equal(secret?.write === 'add_client_secret' && secret.sealed, undefined)
  })

  test('where its callback is shown its own secret, a sealed copy is kept, and only there', () => {
    const sealedOf = (asked: typeof client) => {
      const [, secret] = writesOf({ client: asked, actor, callbackShowsSecret: true })
      return secret?.write === 'add_client_secret' ? secret.sealed?.length : assert.fail('no secret')
    }
    assert.equal(sealedOf(told), 32)
    assert.equal(sealedOf({ ...told, callback: undefined }), undefined)
    const asked = { client: { ...told, type: 'public' }, actor, callbackShowsSecret: true } as const
    const { answer } = registerClient.decide(asked, [], moment)
    assert.deepEqual(answer, { refused: { reason: 'nothing_to_change', parameter: 'public' } })
  })

  test('a public client has no secret, and the row is the guard', () => {
    const { answer, writes } = registerClient.decide(
      { client: { ...client, type: 'public' }, actor },
      [],
      moment,
    )
    assert.equal('granted' in answer && answer.granted.secret, undefined)
    assert.deepEqual(
      writes.map(({ write }) => write),
      ['add_client', 'append_event'],
    )
  })
})
