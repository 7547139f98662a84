/** Rows of users and organizations: checked. */
import { isRange } from '../kernel/addresses.ts'
import { isLanguageTag } from '../kernel/language-tag.ts'
import type { Organization } from '../kernel/records.ts'
import type { ImportedUser } from '../kernel/store.ts'
import type { Values } from './columns.ts'
import type { Refused } from './legacy-tokens.ts'
import { isArgon2id, isPlain, isShort } from './values.ts'

export function checkUser(values: Values): ImportedUser | Refused {
  const { id, username, email, name, password_hash, language, region } = values
  const wrong = wrongIn(values, ['id', 'username', 'email', 'name', 'region'], ['id', 'username'])
  if (wrong) return wrong
  if (email !== undefined && !/^[^\s@]+@[^\s@]+$/.test(email)) return { refused: 'email is not an address' }
  if (password_hash !== undefined && !isArgon2id(password_hash))
    return { refused: 'password_hash: only argon2id is accepted, as $argon2id$v=19$m=…,t=…,p=…$salt$hash' }
  if (language !== undefined && !isLanguageTag(language))
    return { refused: 'language is no language tag, such as en or de-AT' }
  const [organizations, adminOf] = [wordsIn(values.organizations), wordsIn(values.admin_of)]
  const wrongIds = Object.entries({ organizations, admin_of: adminOf }).find(([, ids]) => !ids.every(isShort))
  if (wrongIds) return { refused: `${wrongIds[0]}: an id is too long or holds a control character` }
  return {
    user: {
      id: id ?? '',
      username: username ?? '',
      email,
      name,
      passwordHash: password_hash,
      status: 'enabled',
      language,
      lockedUntil: undefined,
      region,
    },
    organizations,
    adminOf,
  }
}

/** What stands in a column by spaces. */
const wordsIn = (text: string | undefined): readonly string[] => text?.split(/ +/).filter(Boolean) ?? []

export function checkOrganization(values: Values): Organization | Refused {
  const { id, name, region, api_domain } = values
  const wrong = wrongIn(values, ['id', 'name', 'region'], ['id', 'name'])
  if (wrong) return wrong
  if (api_domain !== undefined && !isBase(api_domain))
    return { refused: 'api_domain is not an address such as https://company.example' }
  const allowedAddresses = wordsIn(values.allowed_addresses)
  if (!allowedAddresses.every(isRange))
    return { refused: 'allowed_addresses: addresses or ranges by space, such as 192.0.2.0/24 2001:db8::/32' }
  return {
    id: id ?? '',
    name: name ?? '',
    region,
    apiDomain: api_domain,
    status: 'enabled',
    allowedAddresses,
  }
}

function wrongIn(values: Values, short: readonly string[], needed: readonly string[]): Refused | undefined {
  const missing = needed.find((column) => !values[column])
  if (missing !== undefined) return { refused: `${missing} is missing` }
  // Ids stand in lists by spaces.
  if (/\s/.test(values.id ?? '')) return { refused: 'id: there is a space in it' }
  const long = short.find((column) => values[column] !== undefined && !isShort(values[column]))
  return long === undefined
    ? undefined
    : { refused: `${long}: longer than 255 characters, or a control character in it` }
}

const isBase = (text: string): boolean =>
  text.length <= 255 && isPlain(text) && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
