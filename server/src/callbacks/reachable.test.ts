import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { reachable } from './reachable.ts'

const nowhereElse = reachable([])
const permitted = (address: string, protocol = 'https:') => nowhereElse.permits(address, protocol)

suite('reachable: public addresses alone', () => {
  for (const address of ['1.1.1.1', '9.255.255.255', '172.32.0.1', '100.63.0.1', '2606:4700::1111']) {
    test(`${address} is gone to by https, and not by http`, () => {
      assert.deepEqual([permitted(address), permitted(address, 'http:')], [true, false])
    })
  }

  const refused: readonly (readonly [address: string, what: string])[] = [
    ['0.0.0.0', 'this machine, to some systems'],
    ['127.0.0.1', 'this machine'],
    ['127.255.255.254', 'this machine too'],
    ['10.1.2.3', 'a private network'],
    ['172.16.0.1', 'a private network'],
    ['192.168.1.1', 'a private network'],
    ['169.254.169.254', 'the metadata service of a cloud'],
    ['100.64.0.1', 'a network shared by a carrier'],
    ['192.0.0.192', 'a metadata service'],
    ['198.18.0.1', 'for measurements'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'this machine, to some systems'],
    ['::1', 'this machine'],
    ['0:0:0:0:0:0:0:1', 'this machine, spelt out'],
    ['::ffff:127.0.0.1', 'this machine, mapped'],
    ['::ffff:7f00:1', 'this machine, mapped and in hexadecimal'],
    ['::ffff:1.1.1.1', 'public when mapped back, so it is the one that may'],
    ['::127.0.0.1', 'this machine, in the older mapping'],
    ['64:ff9b::7f00:1', 'this machine, translated'],
    ['64:ff9b::1.1.1.1', 'any translated address'],
    ['64:ff9b:1::1', 'a local translation'],
    ['2002:7f00:1::', '6to4'],
    ['2001:0:7f00:1::', 'Teredo'],
    ['fc00::1', 'a unique local address'],
    ['fd00:ec2::254', 'a metadata service'],
    ['fe80::1', 'link-local'],
    ['fe80::1%lo', 'link-local, of an interface'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'for documents'],
    ['100::1', 'the way to nowhere'],
    ['localhost', 'no address'],
    ['', 'nothing'],
  ]
  for (const [address, what] of refused) {
    const isMappedPublic = address === '::ffff:1.1.1.1'
    test(`${address || 'an empty address'} (${what}) is ${isMappedPublic ? '' : 'not '}gone to`, () => {
      assert.equal(permitted(address), isMappedPublic)
    })
  }
})

suite('reachable: what the operator allows beside them', () => {
  const { permits } = reachable(['10.0.0.0/8', '127.0.0.1', 'fd00::/8'])

  test('an allowed range is gone to by either protocol, in every spelling, and no other is', () => {
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '127.0.0.1', 'fd12::1'])
      assert.deepEqual([permits(address, 'https:'), permits(address, 'http:')], [true, true], address)
    for (const address of ['127.0.0.2', '192.168.1.1', '::1', 'fc00::1', '64:ff9b::a01:203'])
      assert.deepEqual([permits(address, 'https:'), permits(address, 'http:')], [false, false], address)
  })

  test('public hosts stay as they were', () => {
    assert.deepEqual([permits('1.1.1.1', 'https:'), permits('1.1.1.1', 'http:')], [true, false])
  })
})
