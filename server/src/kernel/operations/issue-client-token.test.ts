import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, refusalOf, walksInOrder } from '../../testing/decisions.ts'
import { aCaller, type aClient, aMoment, aRing, aRingVersion, noon } from '../../testing/records.ts'
import { hearTokenId } from '../chain.ts'
import type { ClientTokenInput } from './issue-client-token.ts'
import { issueClientToken } from './issue-client-token.ts'

const ring = aRing([aRingVersion()])
const good: ClientTokenInput = { caller: aCaller() }
const decide = (input: ClientTokenInput) => issueClientToken.decide(input, undefined, aMoment(ring))
const withClient = (input: ClientTokenInput, changes: Parameters<typeof aClient>[0]): ClientTokenInput => ({
  ...input,
  caller: { ...input.caller, client: { ...input.caller.client, ...changes } },
})

suite('issue client token', () => {
  walksInOrder<ClientTokenInput>(
    good,
    [
      ['client_disabled', (input) => withClient(input, { status: 'disabled' })],
      ['grant_type_not_allowed', (input) => withClient(input, { type: 'public' })],
      ['scope_not_allowed', (input) => ({ ...input, scopes: ['read', 'admin'] })],
      ['target_invalid', (input) => ({ ...input, resource: ['https://api.example/'.padEnd(2_000, 'x')] })],
    ],
    decide,
  )

  test('a client that did not prove itself gets no token, though it has a secret', () => {
    const unproven = { ...good, caller: aCaller({ proven: false }) }
    assert.equal(refusalOf(decide(unproven))?.reason, 'grant_type_not_allowed')
  })

  test('a refusal names the scope that is too much', () => {
    assert.equal(refusalOf(decide({ ...good, scopes: ['read', 'admin'] }))?.parameter, 'admin')
  })

  test('the token speaks for the client alone: no grant, no user, no refresh token, and no row', () => {
    const decision = decide(good)
    const issued = grantedBy(decision)
    assert.deepEqual(decision.writes, [])
    assert.equal(issued.refreshToken, undefined)
    assert.deepEqual(
      [issued.access?.actsAs, issued.access?.userId, issued.access?.grantNumber],
      ['client', '', 0],
    )
    assert.equal(hearTokenId(ring, issued.access?.jti ?? ''), 0)
    assert.deepEqual(issued.scopes, ['read', 'write'])
    assert.equal(issued.access?.expiresAt, noon + 3_600_000)
  })
})
