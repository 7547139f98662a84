import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aLegacyToken, aMoment, aRing, aRingVersion } from '../../testing/records.ts'
import type { LegacyToken } from '../records.ts'
import type { LegacyRow } from '../store.ts'
import { resetLegacyToken } from './reset-legacy-token.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const lookup = Buffer.alloc(32, 9)
const input = { lookups: [lookup], clientId: undefined, actor }

const row = (changes: Partial<LegacyToken>, more: Partial<LegacyRow> = {}): LegacyRow => ({
  token: aLegacyToken(changes),
  connectionEpoch: 1,
  connectionRevoked: false,
  grantIsLive: changes.status === 'exchanged' && changes.grantNumber !== undefined,
  ...more,
})
const exchanged = { status: 'exchanged', grantNumber: 7, keyVersion: 1 } as const

suite('reset legacy token', () => {
  test('a token without a row, or without one of this client, is refused', () => {
    assert.deepEqual(resetLegacyToken.decide(input, [], moment).answer, {
      refused: { reason: 'record_unknown' },
    })
    const ofOther = resetLegacyToken.decide({ ...input, clientId: 'other' }, [row(exchanged)], moment)
    assert.deepEqual(ofOther.answer, { refused: { reason: 'record_unknown' } })
  })

  test('where several clients hold the token, it must be said whose', () => {
    const rows = [row(exchanged), row({ ...exchanged, clientId: 'second', grantNumber: 8 })]
    assert.deepEqual(resetLegacyToken.decide(input, rows, moment).answer, {
      refused: { reason: 'record_exists', accepted: ['app', 'second'] },
    })
    const { answer } = resetLegacyToken.decide({ ...input, clientId: 'second' }, rows, moment)
    assert.equal('granted' in answer && answer.granted.grantEnded, 8)
  })

  test('a token that was never exchanged has nothing to reset', () => {
    assert.deepEqual(resetLegacyToken.decide(input, [row({})], moment).answer, {
      refused: { reason: 'nothing_to_change' },
    })
  })

  test('the row is the guard, and its grant ends in the same commit', () => {
    const rows = [row({ ...exchanged, exchange: 2 })]
    const { writes } = resetLegacyToken.decide(input, rows, moment)
    const token = rows[0]?.token
    assert.deepEqual(writes.slice(0, 2), [
      { write: 'reset_legacy_token', token, connectionEpoch: 1, among: { lookups: [lookup], rows: [token] } },
      { write: 'end_grant', number: 7, reason: 'legacy_token_reset' },
    ])
    assert.equal(writes[2]?.write === 'append_event' && writes[2].event.kind, 'legacy_token_reset')
  })

  test('a token whose connection was revoked is good under the epoch of now, and that is said', () => {
    const rows = [row(exchanged, { connectionEpoch: 4, connectionRevoked: true })]
    const { answer, writes } = resetLegacyToken.decide(input, rows, moment)
    assert.equal(writes[0]?.write === 'reset_legacy_token' && writes[0].connectionEpoch, 4)
    assert.equal('granted' in answer && answer.granted.connectionRevoked, true)
  })

  test('also one that was not exchanged, or was reset already: it has no other way back', () => {
    const rows = [row({}, { connectionEpoch: 2 })]
    const { writes } = resetLegacyToken.decide(input, rows, moment)
    assert.equal(writes[0]?.write === 'reset_legacy_token' && writes[0].connectionEpoch, 2)
    const { answer } = resetLegacyToken.decide({ ...input, keepsRevoked: true }, rows, moment)
    assert.deepEqual(answer, { refused: { reason: 'nothing_to_change' } })
  })

  test('tokens of one authorization are reset together, and the grant that is said to have ended is alive', () => {
    const [second, third] = [Buffer.alloc(32, 3), Buffer.alloc(32, 4)]
    const both = { authorization: 'a1' }
    const rows = [
      row({ ...both, status: 'exchanged', grantNumber: 5, keyVersion: 1 }, { grantIsLive: false }),
      row({ ...both, ...exchanged, lookup: second }),
      row({ ...both, clientId: '', boundTo: 'app', status: 'revoked', lookup: third }),
      row({ ...both, clientId: 'other', ...exchanged, lookup: third }),
    ]
    const { answer, writes } = resetLegacyToken.decide(input, rows, moment)
    assert.equal('granted' in answer && answer.granted.grantEnded, 7)
    const resets = writes.filter((write) => write.write === 'reset_legacy_token')
    assert.deepEqual(
      resets.map(({ token }) => token),
      rows.slice(0, 3).map(({ token }) => token),
    )
    assert.deepEqual(resets[0]?.among?.rows.length, 4, 'the guard holds all that was seen')
    const ends = writes.filter((write) => write.write === 'end_grant')
    assert.deepEqual(
      ends.map(({ number }) => number),
      [7],
    )
  })

  test('a code alone is a reservation: it is taken back, and no grant ends', () => {
    const rows = [row({ grantNumber: 5, keyVersion: 1 })]
    const { answer, writes } = resetLegacyToken.decide(input, rows, moment)
    assert.equal('granted' in answer && answer.granted.grantEnded, undefined)
    assert.deepEqual(
      writes.map(({ write }) => write),
      ['reset_legacy_token', 'append_event'],
    )
  })

  test('a recovery resets no token that was revoked, and raises no epoch', () => {
    const recovering = { ...input, keepsRevoked: true }
    const past = row(exchanged, { connectionEpoch: 4 })
    const { writes } = resetLegacyToken.decide(recovering, [past], moment)
    assert.equal(writes[0]?.write === 'reset_legacy_token' && writes[0].connectionEpoch, 1)
    const revoked = resetLegacyToken.decide(recovering, [row({ ...exchanged, status: 'revoked' })], moment)
    assert.deepEqual(revoked.answer, { refused: { reason: 'nothing_to_change' } })
  })

  test('a token that named no client is reset for whoever exchanged it', () => {
    const rows = [row({ ...exchanged, clientId: '', boundTo: 'app' })]
    const { writes } = resetLegacyToken.decide({ ...input, clientId: 'app' }, rows, moment)
    assert.equal(writes[0]?.write === 'reset_legacy_token' && writes[0].token.clientId, '')
  })
})
