/**
 * Addresses of PostgreSQL: `postgres://user:password@host:5432,other:5432/name?sslmode=verify-full`. What is
 * not understood is refused and never repeated: where one sign is wrong, any part may be the password.
 */
import { StoreUnavailable } from '../kernel/store.ts'

const words =
  'postgres://user@host/name, or several hosts: postgres://user@one,two/name; ' +
  'signs such as @ : / ? # % and spaces are percent-encoded in a name or a password'

const parts = /^postgres(?:ql)?:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]*)(?:\/([^@/?#\s]*))?(?:\?([^#\s]*))?$/
const hostAndPort = /^(?:\[[\da-f:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/i
const portMax = 65_535

const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']
/**
 * What the driver heeds, and what Tokenferry does not set itself: with `sslmod` the password would go over
 * the network in the clear, and `options` would undo how transactions see one another.
 */
const queryNames = [
  'host', 'port', 'user', 'password', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation',
  'uselibpqcompat',
] // biome-ignore format: a table of names reads best in lines

type Parts = { readonly user?: string; readonly hosts: string; readonly name: string; readonly query: string }

function partsOf(url: string): Parts | undefined {
  const [, user, hosts, name = '', query = ''] = parts.exec(url) ?? []
  return hosts === undefined ? undefined : { ...(user !== undefined && { user }), hosts, name, query }
}

/** What would be an address, where this is none. */
export function wrongInAddress(url: string): string | undefined {
  const found = partsOf(url)
  if (!found || !isDecodable(url)) return words
  const hosts = found.hosts.split(',')
  const read = hosts.map((host) => hostAndPort.exec(host))
  if (read.includes(null) || (hosts.length > 1 && hosts.some((host) => /^(:|$)/.test(host)))) return words
  if (read.some((one) => one?.[1] !== undefined && !isPort(one[1]))) return `ports from 1 to ${portMax}`
  // As the driver does where there is no host.
  const isParsed = (address: string): boolean => URL.canParse(address.replace('@/', '@localhost/'))
  if (!addressesOf(found).every(isParsed)) return words
  return wrongInQuery(new URLSearchParams(found.query))
}

function wrongInQuery(query: URLSearchParams): string | undefined {
  const names = [...query.keys()]
  if (!names.every((name) => queryNames.includes(name)) || new Set(names).size < names.length) {
    return `behind the ? of an address only ${queryNames.join(', ')}, each once`
  }
  const mode = query.get('sslmode')
  return mode === null || sslModes.includes(mode) ? undefined : `sslmode as one of ${sslModes.join(', ')}`
}

const isPort = (text: string): boolean => Number(text) >= 1 && Number(text) <= portMax

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const addressesOf = ({ user, hosts, name, query }: Parts): readonly string[] =>
  hosts
    .split(',')
    .map(
      (host) =>
        `postgres://${user === undefined ? '' : `${user}@`}${host}/${name}${query === '' ? '' : `?${query}`}`,
    )

/** An address for each host that the URL names. */
export function addressesIn(url: string): readonly string[] {
  const found = partsOf(url)
  const wrong = wrongInAddress(url)
  if (!found || wrong)
    throw new StoreUnavailable(`The address of the database is not understood: write ${wrong}.`)
  return addressesOf(found)
}

/** The address with this password: the driver takes what an address says before what is said beside it. */
export const withPassword = (address: string, password: string): string =>
  address
    .replace(/([?&])password=[^&]*/, '$1')
    .replace(
      /^(\w+:\/\/)(?:([^:@/?]*)(?::[^@/?]*)?@)?/,
      (_, scheme: string, user = '') => `${scheme}${user}:${encodeURIComponent(password)}@`,
    )

/** The address without what nobody else may read, also where somebody wrote it as nobody should. */
export const shownAddress = (url: string): string =>
  url.replace(/([?&][^=&]*pass[^=&]*=)[^&]*/gi, '$1…').replace(/^(\w+:\/\/[^:@/?#]*):.*@/s, '$1:…@')

/** The host of one address, with its port. */
export const hostIn = (address: string): string => partsOf(address)?.hosts ?? ''
