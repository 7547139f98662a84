import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf } from '../../testing/decisions.ts'
import { aConnection, aMoment, aRing, aRingVersion } from '../../testing/records.ts'
import type { Connection } from '../records.ts'
import { confirmConnectionForOperator } from './confirm-connection-for-operator.ts'

const actor = { actor: 'operator kim', address: undefined, requestId: undefined }
const moment = aMoment(aRing([aRingVersion()]))
const decided = (connection: Connection | undefined) =>
  confirmConnectionForOperator.decide({ connection: 1, actor }, connection, moment)

suite('confirming a connection', () => {
  test('it waits no longer, and whoever must hear of it does', () => {
    const pending = aConnection({ confirmation: 'pending', organizationId: 'company' })
    const decision = decided(pending)
    assert.equal(grantedBy(decision).confirmation, 'confirmed')
    const [guard, appended, ...others] = decision.writes
    assert.deepEqual(guard, { write: 'confirm_connection', connection: pending })
    assert.ok(appended?.write === 'append_event')
    const { kind, clientId, userId, organizationId, detail } = appended.event
    assert.deepEqual(
      { kind, clientId, userId, organizationId, detail, ...{ actor: appended.event.actor } },
      {
        kind: 'connection_confirmed',
        clientId: 'app',
        userId: 'user',
        organizationId: 'company',
        detail: 'connection 1',
        actor: 'operator kim',
      },
    )
    assert.deepEqual(others, [])
  })

  test('what was uninstalled while it waited is not confirmed, nor what waits for nobody', () => {
    assert.equal(reasonOf(decided(undefined)), 'record_unknown')
    const revoked = aConnection({ confirmation: 'pending', status: 'revoked', epoch: 2 })
    assert.equal(reasonOf(decided(revoked)), 'connection_revoked')
    for (const confirmation of ['not_needed', 'confirmed'] as const) {
      assert.equal(reasonOf(decided(aConnection({ confirmation }))), 'nothing_to_change')
    }
  })
})
