import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, aRing, aRingVersion } from '../../testing/records.ts'
import { sha256 } from '../ring.ts'
import { endSession } from './end-session.ts'

const moment = aMoment(aRing([aRingVersion()]))

suite('end session', () => {
  test('the session of the browser ends, and one that is gone is no trouble', () => {
    const ended = endSession.decide({ sessionSecret: 'secret' }, true, moment)
    assert.deepEqual(ended.writes, [{ write: 'end_session', hash: sha256('secret') }])
    const gone = endSession.decide({ sessionSecret: 'secret' }, false, moment)
    assert.deepEqual(gone, { answer: { granted: {} }, writes: [] })
  })
})
