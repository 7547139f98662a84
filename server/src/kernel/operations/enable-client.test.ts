import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { grantedBy, reasonOf, walksInOrder } from '../../testing/decisions.ts'
import {
  aClient,
  aMoment,
  anOrganization,
  aRing,
  aRingVersion,
  aSession,
  aUser,
  noon,
} from '../../testing/records.ts'
import type { Membership } from '../records.ts'
import type { Account } from './account.ts'
import type { EnablingFacts } from './enable-client.ts'
import { enableClient, endEnabling } from './enable-client.ts'
import { enableClientForOperator, endEnablingForOperator } from './enable-client-for-operator.ts'

const moment = aMoment(aRing([aRingVersion()]))
const organization = anOrganization()
const anAccount = (role: Membership['role']): Account => ({
  user: aUser({ id: 'admin' }),
  session: aSession(),
  memberships: [{ organization, role }],
})
const asked = { organizationId: 'company', clientId: 'old-name' }
const browser = { sessionSecret: 'secret', address: '192.0.2.1', requestId: 'r1' }
const client = aClient({ identifiers: ['old-name'] })

type State = EnablingFacts & { readonly account: Account | undefined }

for (const [operation, byOperator, enabled] of [
  [enableClient, enableClientForOperator, false],
  [endEnabling, endEnablingForOperator, true],
] as const) {
  suite(`${enabled ? 'end enabling' : 'enable client'}`, () => {
    const whole: State = { account: anAccount('admin'), organization, client, enabled }
    const decide = (state: State) => operation.decide({ ...asked, ...browser }, state, moment)
    walksInOrder(
      whole,
      [
        ['signed_out', (state) => ({ ...state, account: undefined })],
        [
          'signed_out',
          (state) => ({ ...state, account: { ...anAccount('admin'), session: aSession({ expires: noon }) } }),
        ],
        ['record_unknown', (state) => ({ ...state, account: anAccount('member') })],
        ['record_unknown', (state) => ({ ...state, organization: undefined })],
        ['record_unknown', (state) => ({ ...state, client: undefined })],
        ['nothing_to_change', (state) => ({ ...state, enabled: !enabled })],
      ],
      decide,
    )

    test('it is kept under the app’s own id, with the admin who did it, and told of', () => {
      const decision = decide(whole)
      const about = { organizationId: 'company', clientId: 'app' }
      assert.deepEqual(grantedBy(decision), { ...about, enabled: !enabled })
      const [write, told] = decision.writes
      assert.deepEqual(
        write,
        enabled
          ? { write: 'end_enabling', ...about }
          : { write: 'enable_client', ...about, by: 'admin', at: noon },
      )
      assert.ok(told?.write === 'append_event')
      assert.deepEqual(
        [told.event.kind, told.event.actor],
        [enabled ? 'client_enabling_ended' : 'client_enabled', 'user:admin'],
      )
    })

    test('an operator does it without a session, and is no user', () => {
      const actor = { actor: 'operator someone', address: undefined, requestId: undefined }
      const decision = byOperator.decide({ ...asked, actor }, { organization, client, enabled }, moment)
      const [write, told] = decision.writes
      assert.ok(write?.write === 'end_enabling' || (write?.write === 'enable_client' && !write.by))
      assert.ok(told?.write === 'append_event' && told.event.actor === 'operator someone')
      const other = { organization, client: undefined, enabled }
      assert.equal(reasonOf(byOperator.decide({ ...asked, actor }, other, moment)), 'record_unknown')
    })
  })
}
