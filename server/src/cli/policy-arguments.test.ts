import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readPolicyArguments } from './policy-arguments.ts'

suite('policy on the command line', () => {
  test('a list, a number, a duration and a member are read as in the file', () => {
    const { set, removed } = readPolicyArguments([
      'direct_grants=password,otp',
      'statuses.61=400',
      'statuses.12=401',
      'rotate.at_most_every=60s',
      'access=',
    ])
    assert.deepEqual(set, {
      directGrants: ['password', 'otp'],
      statuses: { 61: 400, 12: 401 },
      rotate: { atMostEverySeconds: 60 },
    })
    assert.deepEqual(removed, ['accessSeconds'])
  })

  test('a scope stays a name, whatever it looks like', () => {
    const { set } = readPolicyArguments(['scope_map.404=true', 'scope_map.old=1.0'])
    assert.deepEqual(set.scopeMap, { 404: 'true', old: '1.0' })
  })

  test('what is none is refused with what would be', () => {
    assert.throws(() => readPolicyArguments(['direct_grants=implicit']), /password.*otp.*authtoken/)
    assert.throws(() => readPolicyArguments(['statuses.61=200']), /400 to 499/)
    assert.throws(() => readPolicyArguments(['direct_grant=otp']), /Did you mean direct_grants/)
  })
})
