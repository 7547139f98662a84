/** What to do about a PostgreSQL that cannot be used, by what it said. */
import { codeOf, mayNot, noDatabase } from '../storage/postgres-connection.ts'

const page = 'docs/operating/postgres.md'

const byCode: Readonly<Record<string, string>> = {
  '28P01': 'The password is another one, or the role is.',
  '28000': 'May this role connect from here? Its line in pg_hba.conf says.',
  [noDatabase]: `Make it: createdb --owner ROLE NAME (${page})`,
  [mayNot]: `Let the role have its schema: alter schema public owner to ROLE (${page})`,
  SELF_SIGNED_CERT_IN_CHAIN: 'Name the authority of its certificate: &sslrootcert=PATH',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Name the authority of its certificate: &sslrootcert=PATH',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Name the authority of its certificate: &sslrootcert=PATH',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is of another name: use that one in the address.',
  ENOTFOUND: 'Is its name right?',
}

const byWords: readonly (readonly [RegExp, string])[] = [
  [
    /client password must be a string/,
    'It asks for a password: set postgres.password (of copy: --password), or PGPASSWORD.',
  ],
  [/does not support SSL/, 'Turn TLS on there (ssl = on), or leave sslmode out where you trust the network.'],
]

export function adviceOn(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error))
  const code = codeOf(cause) ?? codeOf(error)
  const words = byWords.find(([pattern]) => pattern.test(message))?.[1]
  return words ?? byCode[code ?? ''] ?? 'Does it run, and may this user connect to it?'
}
