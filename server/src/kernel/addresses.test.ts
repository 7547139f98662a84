import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isRange, isWithin, networkOf } from './addresses.ts'

suite('addresses: what is in a range', () => {
  const cases: readonly (readonly [range: string, inside: readonly string[], outside: readonly string[]])[] =
    [
      ['192.0.2.0/24', ['192.0.2.0', '192.0.2.255'], ['192.0.1.255', '192.0.3.0', '::', '2001:db8::1']],
      ['192.0.2.77/24', ['192.0.2.1'], ['192.0.3.1']],
      ['192.0.2.128/25', ['192.0.2.128', '192.0.2.255'], ['192.0.2.127']],
      ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6', '192.0.2.8']],
      ['192.0.2.7/32', ['192.0.2.7'], ['192.0.2.6']],
      ['192.0.2.6/31', ['192.0.2.6', '192.0.2.7'], ['192.0.2.5', '192.0.2.8']],
      ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::', '::1']],
      ['128.0.0.0/1', ['128.0.0.0', '255.255.255.255'], ['127.255.255.255']],
      ['2001:db8::/32', ['2001:db8::', '2001:DB8:ffff::1'], ['2001:db7:ffff::', '2001:db9::', '192.0.2.1']],
      ['2001:db8::1', ['2001:db8:0:0:0:0:0:1', '2001:db8::0001'], ['2001:db8::2']],
      ['2001:db8::/127', ['2001:db8::', '2001:db8::1'], ['2001:db8::2']],
      ['::/0', ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], ['192.0.2.1', '0.0.0.0']],
      ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
      ['64:ff9b::192.0.2.0/120', ['64:ff9b::c000:2ff', '64:ff9b::192.0.2.1'], ['192.0.2.1']],
    ]
  for (const [range, inside, outside] of cases) {
    test(range, () => {
      assert.ok(isRange(range))
      for (const address of inside) assert.ok(isWithin(address, [range]), address)
      for (const address of outside) assert.ok(!isWithin(address, [range]), address)
    })
  }

  test('an address of IPv4 is itself, also as a socket for both kinds says it', () => {
    for (const address of ['::ffff:192.0.2.1', '::FFFF:c000:201', '0:0:0:0:0:ffff:192.0.2.1']) {
      assert.ok(isWithin(address, ['192.0.2.0/24']), address)
      assert.ok(!isWithin(address, ['192.0.3.0/24', '::/0']), address)
    }
    assert.ok(isWithin('192.0.2.1', ['::ffff:192.0.2.1']))
    // The deprecated form without ffff (RFC 4291 §2.5.5.1) is another address.
    assert.ok(!isWithin('::192.0.2.1', ['192.0.2.0/24']))
  })

  test('one of several ranges is enough, and none holds nothing', () => {
    assert.ok(isWithin('::1', ['192.0.2.0/24', '::1']))
    assert.ok(!isWithin('192.0.2.1', []))
  })

  const nonsense = [
    ...['', ' ', '/', '/24', '192.0.2', '192.0.2.256', '192.0.2.1.1', '192.0.2.-1', '0x7f.0.0.1', '127.1'],
    ...[' 192.0.2.1', '192.0.2.1 ', '192.0.2.1,192.0.2.2', 'example.com', 'localhost', '*', 'undefined'],
    ...[
      ':',
      ':::',
      '1::2::3',
      '2001:db8',
      '2001:db8::g',
      '12345::',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
    ],
    ...[
      '1:2:3:4:5:6:7:',
      ':1:2:3:4:5:6:7',
      '::192.0.2.256',
      '::192.0.2',
      '192.0.2.1::',
      'fe80::1%eth0',
      '[::1]',
    ],
  ]
  test('what is no address is in no range, not even in all of them', () => {
    for (const text of nonsense) assert.ok(!isWithin(text, ['0.0.0.0/0', '::/0', text]), JSON.stringify(text))
  })

  test('what is no range is none, and holds nothing', () => {
    const lengths = [
      '33',
      '-1',
      '',
      ' 8',
      '8 ',
      '1e1',
      '0x8',
      '8/8',
      '255.255.255.0',
      '999',
      '0008',
      '024',
      '00',
    ].map((length) => `192.0.2.0/${length}`)
    for (const text of [...nonsense, ...lengths, '::/129', '::ffff:192.0.2.0/120']) {
      assert.ok(!isRange(text), JSON.stringify(text))
      assert.ok(!isWithin('192.0.2.1', [text]), JSON.stringify(text))
    }
  })

  test('whom an address stands for: its /64, however it is written; one of IPv4, and what is none, itself', () => {
    const networks = (...addresses: readonly string[]) => addresses.map(networkOf)
    assert.deepEqual(
      new Set(
        networks('2001:db8:0:1::1', '2001:DB8:0:1:ffff::', '2001:db8::1:2:3:4:5', '2001:0db8:0000:1::'),
      ),
      new Set(['2001:db8:0:1::/64']),
    )
    assert.deepEqual(networks('2001:db8::1', '::1', '2001:db8:0:2::1', 'fe80::1%eth0'), [
      '2001:db8:0:0::/64',
      '0:0:0:0::/64',
      '2001:db8:0:2::/64',
      'fe80:0:0:0::/64',
    ])
    assert.deepEqual(networks('192.0.2.1', '::ffff:192.0.2.1', '192.0.2.2'), [
      '192.0.2.1',
      '192.0.2.1',
      '192.0.2.2',
    ])
    assert.deepEqual(networks('', 'a:b', '1:2:3:4:5:6:7:8:9'), ['', 'a:b', '1:2:3:4:5:6:7:8:9'])
  })
})
