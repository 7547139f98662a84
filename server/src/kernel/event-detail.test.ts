import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bytesIn, heardIn, said } from './event-detail.ts'

suite('event detail', () => {
  test('what was said is heard again, bytes too, beside words', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0, 1])
    const detail = said('name secret', { hmac: bytes, version: 3, none: undefined })
    assert.equal(detail, `name secret hmac=__4AAQ version=3`)
    const heard = heardIn(detail)
    assert.deepEqual([heard.get('version'), heard.get('none')], ['3', undefined])
    assert.deepEqual(Buffer.from(bytesIn(heard.get('hmac') ?? '')), bytes)
    assert.equal(heardIn(undefined).size, 0)
    assert.equal(heardIn('connection 17, 2 grants').size, 0)
  })
})
