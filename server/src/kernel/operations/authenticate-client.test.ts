import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf } from '../../testing/decisions.ts'
import { aClient, aMoment, aRing, aRingVersion, noon } from '../../testing/records.ts'
import type { Client } from '../records.ts'
import type { Ring } from '../ring.ts'
import type { AuthenticateInput } from './authenticate-client.ts'
import { authenticateClient, secretHmac } from './authenticate-client.ts'

const [first, second] = [aRingVersion(1), aRingVersion(2)]
const ring = aRing([second, first])
const secretOf = (secret: string, version = second, expires: number | undefined = undefined) => ({
  hmac: secretHmac(version, secret),
  keyVersion: version.version,
  expires,
})
const client = (changes: Partial<Client> = {}): Client =>
  aClient({ secrets: [secretOf('old', first), secretOf('new')], ...changes })
const shown = (changes: Partial<AuthenticateInput> = {}): AuthenticateInput => ({
  clientId: 'app',
  secret: 'new',
  dialect: 'standard',
  proof: 'required',
  ...changes,
})
const decide = (
  input = shown(),
  found: Client | undefined = client(),
  opened: Ring = ring,
  pathClient: Client | undefined = undefined,
) => authenticateClient.decide(input, { client: found, pathClient }, aMoment(opened))

suite('authenticate client', () => {
  test('each secret that is alive proves the client, whatever version of the ring it was kept under', () => {
    for (const secret of ['old', 'new']) assert.equal(grantedBy(decide(shown({ secret }))).proven, true)
  })

  test('a wrong, an expired and another client’s secret are client_unproven', () => {
    assert.equal(reasonOf(decide(shown({ secret: 'wrong' }))), 'client_unproven')
    const expired = client({ secrets: [secretOf('new', second, noon)] })
    assert.equal(reasonOf(decide(shown(), expired)), 'client_unproven')
    const alive = client({ secrets: [secretOf('new', second, noon + 1)] })
    assert.equal(grantedBy(decide(shown(), alive)).proven, true)
  })

  test('a client of another dialect is as unknown as one that is not there', () => {
    assert.equal(
      reasonOf(
        authenticateClient.decide(shown(), { client: undefined, pathClient: undefined }, aMoment(ring)),
      ),
      'client_unknown',
    )
    assert.equal(reasonOf(decide(shown({ dialect: 'other' }))), 'client_unknown')
  })

  test('a token names its client and proves nothing; one of another dialect is no token here', () => {
    const borne = { ...shown({ proof: 'token' }), secret: undefined }
    assert.equal(grantedBy(decide(borne)).proven, false)
    assert.equal(reasonOf(decide({ ...borne, dialect: 'other' })), 'access_token_invalid')
  })

  test('a confidential client without its secret is client_secret_missing, but where none is asked for', () => {
    assert.equal(reasonOf(decide({ ...shown(), secret: undefined })), 'client_secret_missing')
    const optional = decide({ ...shown({ proof: 'optional' }), secret: undefined })
    assert.equal(grantedBy(optional).proven, false)
  })

  test('where no proof is asked for, a secret proves nothing', () => {
    assert.equal(grantedBy(decide(shown({ proof: 'none' }))).proven, false)
  })

  test('a client without a secret is let in unproven, and whatever secret it shows is wrong', () => {
    const app = client({ type: 'public', secrets: [] })
    assert.equal(grantedBy(decide({ ...shown(), secret: undefined }, app)).proven, false)
    assert.equal(reasonOf(decide(shown(), app)), 'client_unproven')
  })

  test('a secret kept under a version that is not known here is trouble of ours, under a destroyed one it is wrong', () => {
    assert.equal(reasonOf(decide(shown(), client(), aRing([first]))), 'key_version_unknown')
    const destroyed = aRing([first], { destroyed: new Set([2]) })
    assert.equal(reasonOf(decide(shown(), client(), destroyed)), 'client_unproven')
    assert.equal(grantedBy(decide(shown({ secret: 'old' }), client(), aRing([first]))).proven, true)
  })

  test('a path names an identifier of this very client, after the client proved itself', () => {
    const atPath = shown({ pathIdentifier: 'old-key' })
    assert.equal(reasonOf(decide(atPath)), 'path_client_unknown')
    const foreign = client({ dialect: 'other' })
    assert.equal(reasonOf(decide(atPath, client(), ring, foreign)), 'path_client_unknown')
    assert.equal(reasonOf(decide(atPath, client(), ring, client({ id: 'another' }))), 'path_client_of_other')
    assert.equal(grantedBy(decide(atPath, client(), ring, client())).proven, true)
    assert.equal(reasonOf(decide({ ...atPath, secret: 'wrong' })), 'client_unproven')
  })
})
