import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aConnection, aMoment, aRing, aRingVersion } from '../../testing/records.ts'
import { revokeConnection } from './revoke-connection.ts'

const moment = aMoment(aRing([aRingVersion()]))
const input = { connection: 1, actor: { actor: 'operator', address: undefined, requestId: undefined } }

suite('revoke connection', () => {
  test('an unknown connection and a revoked one are refused', () => {
    assert.deepEqual(revokeConnection.decide(input, undefined, moment).answer, {
      refused: { reason: 'record_unknown' },
    })
    assert.deepEqual(revokeConnection.decide(input, aConnection({ status: 'revoked' }), moment).answer, {
      refused: { reason: 'nothing_to_change' },
    })
  })

  test('one row ends it, its epoch rises, and the event stands in the same commit', () => {
    const connection = aConnection({ epoch: 3, liveGrants: [2, 5] })
    const { answer, writes } = revokeConnection.decide(input, connection, moment)
    assert.deepEqual(writes[0], { write: 'revoke_connection', connection })
    assert.equal(writes[1]?.write === 'append_event' && writes[1].event.kind, 'connection_revoked')
    assert.equal(writes.length, 2)
    assert.equal('granted' in answer && answer.granted.epoch, 4)
  })
})
