/**
 * Which addresses may be connected to on behalf of somebody else. An app's callback is an address that its
 * developer chose; without this, they could have us ask what only we can reach: our own machine, our network,
 * the metadata service of our cloud.
 */
import type { IPVersion } from 'node:net'
import { BlockList, isIP } from 'node:net'

/** IANA's special-purpose registries: what of IPv4 is no public host's. */
const notPublic4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8',
  '100.64.0.0/10', // shared by carriers
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local, and the metadata services of clouds
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24', // relays to 6to4
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
]

/** Global unicast; all else of IPv6 (`::`, mapped and NAT64 addresses, local ones) is no public host's. */
const public6 = '2000::/3'
const notPublic6 = [
  '2001::/23', // protocols of their own, Teredo among them
  '2001:db8::/32',
  '2002::/16', // 6to4, which holds an IPv4 address
  '3fff::/20',
]

export type Reachable = {
  /** Whether a request by this protocol may go there. To a public host, by https alone. */
  permits(address: string, protocol: string): boolean
}

/** `allowed` are addresses and ranges that the operator lets apps name although they are not public. */
export function reachable(allowed: readonly string[]): Reachable {
  const allowedList = listOf(allowed)
  return {
    permits(address, protocol) {
      const host = unmapped(address)
      if (host === undefined) return false
      if (allowedList.check(host, familyOf(host))) return true
      return protocol === 'https:' && isPublic(host)
    },
  }
}

const special4 = listOf(notPublic4)
const global6 = listOf([public6])
const special6 = listOf(notPublic6)

const isPublic = (host: string): boolean =>
  isIP(host) === 4
    ? !special4.check(host, 'ipv4')
    : global6.check(host, 'ipv6') && !special6.check(host, 'ipv6')

function familyOf(host: string): IPVersion {
  return isIP(host) === 4 ? 'ipv4' : 'ipv6'
}

/**
 * The IPv4 address in an IPv4-mapped one, which a system connects to as such (RFC 4291 §2.5.5.2); any other
 * address as it is; `undefined` for what is none, or is bound to an interface (`fe80::1%eth0`).
 */
function unmapped(address: string): string | undefined {
  if (isIP(address) === 0 || address.includes('%')) return undefined
  if (isIP(address) === 4) return address
  // The URL parser knows all spellings of an address and writes one.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? []
  if (high === undefined || low === undefined) return canonical
  const [one, other] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [one >> 8, one & 255, other >> 8, other & 255].join('.')
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = familyOf(address)
    list.addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family)
  }
  return list
}
