import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aMoment, aRing, aRingVersion, noon } from '../../testing/records.ts'
import { declareRestore } from './declare-restore.ts'

const moment = aMoment(aRing([aRingVersion()]))
const actor = { actor: 'operator', address: undefined, requestId: undefined }
const numbering = { next: 5_000, accountedFor: false, declared: undefined }

suite('declare restore', () => {
  test('a moment that lies ahead is refused', () => {
    const { answer } = declareRestore.decide({ to: noon + 1, actor }, numbering, moment)
    assert.deepEqual(answer, { refused: { reason: 'parameter_malformed', parameter: 'to' } })
  })

  test('rows heal for 400 days, and numbers go on far beyond any that were issued', () => {
    // A million a second since 2026, and a minute more: the copy alone does not say where they go on.
    const above = (noon + 60_000 - Date.UTC(2026, 0)) * 1000
    const { writes } = declareRestore.decide({ to: noon - 1000, actor }, numbering, moment)
    assert.deepEqual(writes.slice(0, 5), [
      { write: 'set_meta', key: 'restored_to', value: String(noon - 1000) },
      { write: 'set_meta', key: 'restored_at', value: String(noon) },
      { write: 'set_meta', key: 'healing_until', value: String(noon + 400 * 86_400_000) },
      { write: 'set_meta', key: 'lost_below', value: String(above) },
      { write: 'raise_numbers', to: above },
    ])
  })
})
