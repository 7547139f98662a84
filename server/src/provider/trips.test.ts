import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sealText } from '../keys/sealed-text.ts'
import { aRing, aRingVersion, noon } from '../testing/records.ts'
import type { Trip } from './provider.ts'
import { sealTrip, unsealTrip } from './trips.ts'

const trip: Trip = {
  state: 'state',
  nonce: 'nonce',
  verifier: 'verifier',
  begun: noon,
  returnTo: '/account/apps',
  asked: { prompt: 'login', maxAgeSeconds: 60 },
}
const version = aRingVersion(1)
const ring = aRing([version])
const late = noon + 600_000

suite('the way to a provider and back', () => {
  test('what was sealed comes back, for ten minutes', () => {
    const sealed = sealTrip(trip, ring, noon)
    assert.match(sealed, /^[\w-]+$/)
    assert.deepEqual(unsealTrip(sealed, ring, late - 1), trip)
    assert.equal(unsealTrip(sealed, ring, late), undefined)
    assert.equal(unsealTrip(sealed, ring, noon - 1), undefined)
  })

  test('it outlives a rotation of the ring, and not a version that leaked or is gone', () => {
    const sealed = sealTrip(trip, ring, noon)
    const next = aRingVersion(2)
    assert.deepEqual(unsealTrip(sealed, aRing([next, version]), noon), trip)
    const leaked = aRing([next, version], { compromised: new Set([1]) })
    assert.equal(unsealTrip(sealed, leaked, noon), undefined)
    assert.equal(unsealTrip(sealed, aRing([next]), noon), undefined)
  })

  test('nothing else that is sealed, and nothing that was changed, is taken for it', () => {
    const sealed = sealTrip(trip, ring, noon)
    const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`
    const other = sealText(ring, noon, JSON.stringify(trip), 'something else')
    for (const text of ['', 'x', changed, sealed.slice(0, 40), other])
      assert.equal(unsealTrip(text, ring, noon), undefined, text)
  })
})
