import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseRedirectUris, parseScopes, parseWorkers } from './arguments.ts'

suite('command line: redirect URIs', () => {
  test('an address that a browser can be sent back to is taken as it stands', () => {
    const good = ['https://app.example/callback?tenant=1', 'http://127.0.0.1/back', 'com.example.app:/back']
    assert.deepEqual(parseRedirectUris(good.join(' '), undefined), good)
  })

  const wrongs: readonly (readonly [uri: string, says: RegExp])[] = [
    ['/callback', /is absolute/],
    ['https://app.example/callback#part', /no fragment/],
    ['https://app.example/callback#', /no fragment/],
    ['https://user:pw@app.example/callback', /no user name or password/],
    ['https://accounts.example@evil.example/callback', /no user name or password/],
    ['https://*.app.example/callback', /no wildcard/],
    ['https://app.example/*', /no wildcard/],
    ['javascript:alert(1)', /no javascript: address/],
    ['http://app.example/callback', /127\.0\.0\.1 and localhost alone/],
  ]
  for (const [uri, says] of wrongs) {
    test(`${uri} is refused`, () => assert.throws(() => parseRedirectUris(uri, undefined), { message: says }))
  }
})

test('command line: scopes are as many as an access token has room for', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => `https://api.example/auth/${at}`)
  assert.equal(parseScopes(many(170).join(' '), undefined).length, 170)
  assert.throws(() => parseScopes(many(100).join(' '), many(220).slice(100)), /too long for an access token/)
})

test('command line: processes are a whole number from 1', () => {
  assert.deepEqual(['1', '4', '256'].map(parseWorkers), [1, 4, 256])
  for (const wrong of ['0', '-1', '1.5', 'two', '', '257'])
    assert.throws(() => parseWorkers(wrong), /from 1 to 256|whole number/, wrong)
})
