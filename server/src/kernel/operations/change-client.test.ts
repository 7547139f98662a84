import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aClient, aMoment, aRing, aRingVersion } from '../../testing/records.ts'
import type { ChangeClientInput } from './change-client.ts'
import { changeClient } from './change-client.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const input = { clientId: 'app', change: {}, actor }

suite('change client', () => {
  test('an unknown client is refused, then an identifier that another has, then a change of nothing', () => {
    const change = { ...input, change: { identifiers: ['OLD'] } }
    const other = aClient({ id: 'other' })
    const reason = (facts: Parameters<typeof changeClient.decide>[1], asked = change) => {
      const { answer } = changeClient.decide(asked, facts, moment)
      return 'refused' in answer ? answer.refused.reason : 'granted'
    }
    assert.equal(reason({ client: undefined, others: [other] }), 'record_unknown')
    assert.equal(reason({ client: aClient({ identifiers: ['OLD'] }), others: [other] }), 'record_exists')
    assert.equal(reason({ client: aClient({ identifiers: ['OLD'] }), others: [] }), 'nothing_to_change')
    assert.equal(reason({ client: aClient(), others: [] }), 'granted')
  })

  test('the write says how the client was seen, and the event says which fields changed', () => {
    const client = aClient()
    const { writes } = changeClient.decide(
      { ...input, change: { name: 'Another', status: 'disabled' } },
      { client, others: [] },
      moment,
    )
    const [change, told] = writes
    assert.equal(change?.write === 'change_client' && change.seen, client)
    assert.equal(told?.write === 'append_event' && told.event.detail, 'name status=disabled')
  })

  test('a client whose tokens are recalled loses its open codes in the same commit', () => {
    const facts = { client: aClient({ tokensValidAfter: 5 }), others: [] }
    const writesOf = (change: ChangeClientInput['change']) =>
      changeClient.decide({ ...input, change }, facts, moment).writes.map(({ write }) => write)
    assert.deepEqual(writesOf({ tokensValidAfter: 6 }), ['change_client', 'drop_codes', 'append_event'])
    assert.deepEqual(writesOf({ name: 'Another' }), ['change_client', 'append_event'])
  })

  test('a picture comes in with the client that shows it, and goes when none does any more', () => {
    const logo = { name: `${'1'.repeat(64)}.png`, bytes: Buffer.from([1]) }
    const changed = (before: string | undefined, asked: ChangeClientInput['logo']) => {
      const facts = { client: aClient({ logo: before }), others: [] }
      const { answer, writes } = changeClient.decide({ ...input, logo: asked }, facts, moment)
      return [
        'granted' in answer ? answer.granted.logo : answer.refused.reason,
        ...writes.map(({ write }) => write),
      ]
    }
    const kept = ['change_client', 'put_logo', 'drop_unused_logos', 'append_event']
    assert.deepEqual(changed(undefined, logo), [logo.name, ...kept])
    assert.deepEqual(changed('other.png', logo), [logo.name, ...kept])
    const taken = ['change_client', 'drop_unused_logos', 'append_event']
    assert.deepEqual(changed(logo.name, 'none'), [undefined, ...taken])
    assert.deepEqual(changed(logo.name, logo), ['nothing_to_change'])
    assert.deepEqual(changed(undefined, 'none'), ['nothing_to_change'])
  })

  test('policy is laid over what is there, and an undefined field is taken away', () => {
    const client = aClient({ policy: { accessSeconds: 60, codeSeconds: 30 } })
    const { answer } = changeClient.decide(
      { ...input, policy: { accessSeconds: undefined, rotate: 'always' } },
      { client, others: [] },
      moment,
    )
    assert.deepEqual('granted' in answer && answer.granted.policy, { codeSeconds: 30, rotate: 'always' })
  })
})
