import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf } from '../../testing/decisions.ts'
import {
  aClient,
  aConnection,
  aLegacyToken,
  aMoment,
  aRing,
  aRingVersion,
  noon,
} from '../../testing/records.ts'
import type { LegacyToken } from '../records.ts'
import type { AliasStatus } from '../store.ts'
import { markConnectionRevoked, spendLegacyToken } from './reapply-lost.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: 'event 7' }
const client = aClient()

suite('what ended in a part of history that was lost', () => {
  const of = { clientId: 'app', userId: 'user', organizationId: '' }
  const mark = (facts: object = {}, about = of) =>
    markConnectionRevoked.decide(
      { of: about, at: noon - 9, actor },
      { client, connection: undefined, ...facts },
      moment,
    )

  test('a connection comes in as one that was made and revoked', () => {
    const { writes } = mark()
    const { number, ...connection } = grantedBy(mark())
    assert.ok(number >= 100)
    const { status, epoch, since, userId } = connection
    assert.deepEqual([status, epoch, since, userId], ['revoked', 2, noon - 9, 'user'])
    const [first, second] = writes.map((write) =>
      write.write === 'append_event' ? write.event.kind : write.write,
    )
    assert.deepEqual([first, second], ['add_revoked_connection', 'connection_revoked'])
  })

  test('it does not, where there is one, or nobody whose it could be', () => {
    assert.equal(reasonOf(mark({ connection: aConnection() })), 'nothing_to_change')
    assert.equal(reasonOf(mark({ client: undefined })), 'record_unknown')
    assert.equal(reasonOf(mark({}, { ...of, userId: '' })), 'record_unknown')
  })

  const spend = (
    token: LegacyToken,
    { as = 'exchanged' as 'exchanged' | 'revoked', alias = undefined as AliasStatus, policy = {} } = {},
  ) =>
    spendLegacyToken.decide(
      {
        lookup: token.lookup,
        as,
        about: { ...of, grantNumber: 7, detail: 'revoked_by_client' },
        policies: { standard: policy },
        actor,
      },
      {
        client,
        legacy: {
          token,
          alias,
          shared: undefined,
          grant: undefined,
          connection: undefined,
          barred: undefined,
          user: undefined,
          organization: undefined,
        },
      },
      moment,
    )

  test('a legacy token is spent as its client’s policy would have it', () => {
    const [own, unnamed] = [aLegacyToken(), aLegacyToken({ clientId: '' })]
    const spent = (decision: ReturnType<typeof spend>) => {
      const [write] = decision.writes
      assert.ok(write?.write === 'spend_legacy_token')
      return [write.boundTo, write.status, write.leavesShared, write.grantNumber]
    }
    const each = { cardinality: 'each_client', legacyAfterExchange: 'retire' } as const
    assert.deepEqual(spent(spend(own)), ['app', 'exchanged', false, 7])
    assert.deepEqual(spent(spend(own, { policy: each })), ['app', 'retired', false, 7])
    assert.deepEqual(spent(spend(unnamed)), ['app', 'exchanged', false, 7])
    assert.deepEqual(spent(spend(unnamed, { policy: each })), ['app', 'retired', true, 7])
    assert.deepEqual(spent(spend(unnamed, { policy: each, as: 'revoked' })), ['app', 'revoked', true, 7])
  })

  test('it is not, where it is spent already, or another app has it', () => {
    for (const [token, options] of [
      [aLegacyToken({ status: 'exchanged' })],
      [aLegacyToken(), { alias: 'exchanged' }],
      [aLegacyToken({ clientId: 'other' })],
      [aLegacyToken({ clientId: '', boundTo: 'other' })],
    ] as const) {
      assert.equal(reasonOf(spend(token, options)), 'nothing_to_change')
    }
  })
})
