import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { addressesIn, hostIn, shownAddress, withPassword } from './postgres-address.ts'

suite('addresses of PostgreSQL', () => {
  for (const [url, shown] of [
    ['postgres://u:SECRET@one:1,two/name', 'postgres://u:…@one:1,two/name'],
    ['postgres://u:SE:CRET@one/name', 'postgres://u:…@one/name'],
    ['postgres://u@one/name?a=b&password=SE@CRET&host=x', 'postgres://u@one/name?a=b&password=…&host=x'],
    ['postgres://u:SECRET@one/name?password=SECRET', 'postgres://u:…@one/name?password=…'],
    // Never accepted, and yet not shown.
    ['postgres://u:SE@CRET@one/name', 'postgres://u:…@one/name'],
    ['postgres://u:SE/C?R#ET@one/name', 'postgres://u:…@one/name'],
    ['postgres://u:@SE:CRET@one/name', 'postgres://u:…@one/name'],
    ['postgres://u@one/name?SSLPassword=SECRET', 'postgres://u@one/name?SSLPassword=…'],
  ] as const) {
    test(`${url} is shown without its password`, () => assert.equal(shownAddress(url), shown))
  }

  test('each host has an address of its own, and is named without the user', () => {
    const addresses = addressesIn('postgresql://u:p@one:1,[::1]:2,three/name?sslmode=disable')
    assert.deepEqual(addresses, [
      'postgres://u:p@one:1/name?sslmode=disable',
      'postgres://u:p@[::1]:2/name?sslmode=disable',
      'postgres://u:p@three/name?sslmode=disable',
    ])
    assert.deepEqual(addresses.map(hostIn), ['one:1', '[::1]:2', 'three'])
  })

  test('a password that is configured comes in the place of any that stands in it', () => {
    for (const [address, expected] of [
      ['postgres://u@one/name', 'postgres://u:p%40%2F%3A@one/name'],
      [
        'postgres://u:old@one/name?password=old&sslmode=require',
        'postgres://u:p%40%2F%3A@one/name?&sslmode=require',
      ],
      ['postgres://one/name', 'postgres://:p%40%2F%3A@one/name'],
    ] as const) {
      assert.equal(withPassword(address, 'p@/:'), expected)
      assert.equal(new URL(expected).password, 'p%40%2F%3A')
    }
  })
})
