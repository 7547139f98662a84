/** Who is measured, at what, and what must be known to compare them. */
export const operations = ['exchange', 'refresh', 'code', 'client_credentials', 'introspect'] as const
export type OperationName = (typeof operations)[number]

/** How access tokens are made. */
export const signatures = ['ES256', 'RS256', 'opaque'] as const
export type Signature = (typeof signatures)[number]

export const subjectNames = [
  'ours-sqlite',
  'ours-postgres',
  'floor',
  'oidc-provider',
  'oidc-postgres',
  'jmondi',
  'better-auth',
] as const
export type SubjectName = (typeof subjectNames)[number]

export type SubjectKind = {
  /** The file that runs it. */
  readonly program: string
  readonly tokenPath: string
  readonly introspectPath: string
  /** What it cannot do at all is left out of its rows. */
  readonly operations: readonly OperationName[]
  readonly signatures: readonly Signature[]
  readonly hasPostgres: boolean
  /** Whether a second core is used by a second process. */
  readonly isManyProcesses: boolean
  /** What it does, and what it does less than others. */
  readonly note: string
}

const signed = ['ES256', 'RS256'] as const
const peer = { tokenPath: '/token', introspectPath: '/token/introspection' } as const
const ours = {
  program: 'ours',
  tokenPath: '/oauth2/token',
  introspectPath: '/oauth2/introspect',
  operations,
  signatures,
} as const

export const subjectKinds: Readonly<Record<SubjectName, SubjectKind>> = {
  'ours-sqlite': {
    ...ours,
    hasPostgres: false,
    isManyProcesses: false,
    note: 'this server on SQLite; every answer durable',
  },
  'ours-postgres': {
    ...ours,
    hasPostgres: true,
    isManyProcesses: true,
    note: 'this server on PostgreSQL; every answer durable',
  },
  floor: {
    program: 'floor',
    tokenPath: '/',
    introspectPath: '/',
    operations,
    signatures: signed,
    hasPostgres: false,
    isManyProcesses: false,
    note: 'bare `node:http`: parses, hashes, one durable row in SQLite (introspect: reads one), signs or verifies',
  },
  'oidc-provider': {
    ...peer,
    program: 'peer-oidc-provider',
    operations,
    signatures,
    hasPostgres: false,
    isManyProcesses: false,
    note: 'oidc-provider, all in memory; it introspects opaque tokens alone, so these are',
  },
  'oidc-postgres': {
    ...peer,
    program: 'peer-oidc-provider',
    operations,
    signatures,
    hasPostgres: true,
    isManyProcesses: true,
    note: 'oidc-provider, its entities in PostgreSQL; legacy tokens in memory',
  },
  jmondi: {
    program: 'peer-jmondi',
    tokenPath: '/token',
    introspectPath: '/introspect',
    operations,
    signatures: signed,
    hasPostgres: false,
    isManyProcesses: false,
    note: '@jmondi/oauth2-server, all in memory; its exchange says no refresh token',
  },
  'better-auth': {
    program: 'peer-better-auth',
    tokenPath: '/api/auth/oauth2/token',
    introspectPath: '',
    operations: ['refresh', 'code'],
    signatures: ['ES256'],
    hasPostgres: true,
    isManyProcesses: true,
    note:
      'better-auth with `oidcProvider` and `jwt` on PostgreSQL; knows no other grant and no introspection; a ' +
      'refresh signs nothing, proves no client and leaves the old token alive',
  },
}
