import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as oidc from 'openid-client'
import { troubleOf } from './trouble.ts'

const cut = (code: string, cause?: unknown) =>
  Object.assign(new oidc.ClientError('no', { cause }), { code }) as oidc.ClientError

suite('trouble with a provider', () => {
  test('a provider that is silent, busy or broken is unavailable, whatever it is asked', () => {
    const silent = [
      new TypeError('fetch failed'),
      cut('OAUTH_TIMEOUT'),
      cut('OAUTH_RESPONSE_IS_NOT_CONFORM', new Response(null, { status: 502 })),
      cut('OAUTH_RESPONSE_IS_NOT_CONFORM', new Response(null, { status: 429 })),
    ]
    for (const error of silent) assert.equal(troubleOf(error, 'answer').reason, 'unavailable')
    assert.equal(troubleOf(cut('OAUTH_PARSE_ERROR'), 'discovery').reason, 'unavailable')
  })

  test('an answer that does not fit is not believed, and says what did not fit', () => {
    for (const code of ['OAUTH_JWT_CLAIM_COMPARISON_FAILED', 'OAUTH_INVALID_RESPONSE'])
      assert.deepEqual(troubleOf(cut(code), 'answer'), { reason: 'provider_answer_invalid', problem: code })
    const conform = cut('OAUTH_RESPONSE_IS_NOT_CONFORM', new Response(null, { status: 404 }))
    assert.equal(troubleOf(conform, 'answer').reason, 'provider_answer_invalid')
  })

  test('a mistake of ours is no trouble of theirs', () => {
    const mistakes = [
      new Error('ours'),
      Object.assign(new TypeError('ours'), { code: 'ERR_INVALID_ARG_TYPE' }),
    ]
    for (const error of mistakes) assert.throws(() => troubleOf(error, 'answer'), error)
  })
})
