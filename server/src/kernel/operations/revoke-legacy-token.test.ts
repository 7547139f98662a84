import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aLegacyToken, aMoment, aRing, aRingVersion } from '../../testing/records.ts'
import type { LegacyToken } from '../records.ts'
import type { LegacyRow } from '../store.ts'
import { revokeLegacyToken } from './revoke-legacy-token.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const lookup = Buffer.alloc(32, 9)
const input = { lookups: [lookup], clientId: undefined, actor }
const row = (changes: Partial<LegacyToken>): LegacyRow => ({
  token: aLegacyToken(changes),
  connectionEpoch: 1,
  connectionRevoked: false,
  grantIsLive: changes.grantNumber !== undefined,
})

suite('revoke legacy token', () => {
  test('an unknown token and a revoked one are refused', () => {
    assert.deepEqual(revokeLegacyToken.decide(input, [], moment).answer, {
      refused: { reason: 'record_unknown' },
    })
    assert.deepEqual(revokeLegacyToken.decide(input, [row({ status: 'revoked' })], moment).answer, {
      refused: { reason: 'nothing_to_change' },
    })
  })

  test('every row of it is revoked, and every grant that came of it ends', () => {
    const rows = [row({ clientId: '' }), row({ status: 'exchanged', grantNumber: 7 })]
    const { answer, writes } = revokeLegacyToken.decide(input, rows, moment)
    assert.deepEqual(answer, { granted: { rows: 2, grantsEnded: [7] } })
    assert.deepEqual(writes.slice(0, 3), [
      {
        write: 'revoke_legacy_token',
        token: rows[0]?.token,
        among: { lookups: [lookup], rows: rows.map(({ token }) => token) },
      },
      { write: 'revoke_legacy_token', token: rows[1]?.token, among: undefined },
      { write: 'end_grant', number: 7, reason: 'legacy_token_revoked' },
    ])
  })

  test('for one client, the rows of the others stay', () => {
    const rows = [row({ clientId: '' }), row({}), row({ clientId: 'second' })]
    const { writes } = revokeLegacyToken.decide({ ...input, clientId: 'second' }, rows, moment)
    assert.equal(writes[0]?.write === 'revoke_legacy_token' && writes[0].token, rows[2]?.token)
    assert.equal(writes.length, 2)
  })

  test('the other token of its authorization is revoked with it', () => {
    const other = Buffer.alloc(32, 3)
    const rows = [row({ authorization: 'a1' }), row({ authorization: 'a1', lookup: other })]
    const { answer } = revokeLegacyToken.decide(input, rows, moment)
    assert.equal('granted' in answer && answer.granted.rows, 2)
  })

  test("a token that is nobody's takes with it what any app made of another of its authorization", () => {
    const other = Buffer.alloc(32, 3)
    const rows = [
      row({ authorization: 'a1', clientId: '' }),
      row({ authorization: 'a1', clientId: 'second', lookup: other, status: 'exchanged', grantNumber: 7 }),
    ]
    assert.deepEqual(revokeLegacyToken.decide(input, rows, moment).answer, {
      granted: { rows: 2, grantsEnded: [7] },
    })
  })

  test('a token whose app has revoked it already still has a grant to end', () => {
    const rows = [row({ status: 'revoked', grantNumber: 7 })]
    assert.deepEqual(revokeLegacyToken.decide(input, rows, moment).answer, {
      granted: { rows: 1, grantsEnded: [7] },
    })
  })
})
