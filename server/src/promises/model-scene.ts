/** Apps, users and legacy tokens of one sequence, beside those of the sequences before it. */
import { randomBytes } from 'node:crypto'
import { findDialect } from '../dialects/index.ts'
import { lookupOf } from '../kernel/legacy-lookup.ts'
import { secretHmac } from '../kernel/operations/authenticate-client.ts'
import type { Policy } from '../kernel/policy.ts'
import { policyOf } from '../kernel/policy.ts'
import { currentVersion } from '../kernel/ring.ts'
import { aClient, anOrganization, aUser } from '../testing/records.ts'
import type { App, State, Token } from './model.ts'
import type { Node } from './model-world.ts'

export type Scene = {
  readonly apps: readonly (App & { readonly secret: string | undefined })[]
  readonly tokens: readonly Token[]
  readonly users: readonly string[]
  readonly state: State
  /** Names of legacy tokens, by their look-up. */
  readonly names: ReadonlyMap<string, string>
}

const day = 86_400_000

type Cast = readonly [
  name: string,
  dialect: App['dialect'],
  type: 'confidential' | 'public',
  scopes: readonly string[],
  policy: Partial<Policy>,
]

/** What the dialects say by themselves, and what an operator may say instead. */
const cast: readonly Cast[] = [
  ['alpha', 'standard', 'confidential', ['read', 'write'], {}],
  ['beta', 'standard', 'public', ['read'], {}],
  ['gamma', 'standard', 'confidential', ['read', 'write'], { rotate: 'always', grantsPerConnectionMax: 1 }],
  ['delta', 'standard', 'confidential', ['read', 'write'], { rotate: 'never' }],
  ['papa', 'pipedrive', 'confidential', ['base', 'deals:read'], {}],
  ['quebec', 'pipedrive', 'confidential', ['base'], { reuse: 'refuse' }],
  ['romeo', 'pipedrive', 'public', ['base'], {}],
]

type Prop = readonly [
  name: string,
  dialect: App['dialect'],
  app: string,
  user: 'una' | 'vera',
  authorization: string | undefined,
  scopes: readonly string[] | undefined,
  expiresInDays: number | undefined,
]

/** With and without aliases, of an app and of nobody, with scopes, with none, and with none recorded. */
const props: readonly Prop[] = [
  ['s1', 'standard', '', 'una', undefined, undefined, undefined],
  ['s2', 'standard', '', 'una', 'x', ['read', 'write'], undefined],
  ['s3', 'standard', '', 'una', 'x', ['read', 'write', 'admin'], undefined],
  ['s4', 'standard', '', 'vera', undefined, ['read'], 10],
  ['s5', 'standard', 'alpha', 'una', 'y', ['read', 'write'], undefined],
  ['s6', 'standard', 'gamma', 'vera', 'y', [], undefined],
  ['s7', 'standard', '', 'vera', 'y', ['read'], undefined],
  ['s8', 'standard', 'gamma', 'vera', undefined, ['read'], undefined],
  ['p1', 'pipedrive', '', 'una', undefined, undefined, undefined],
  ['p2', 'pipedrive', '', 'vera', 'z', ['base'], undefined],
  ['p3', 'pipedrive', '', 'vera', 'z', ['base'], undefined],
  ['p4', 'pipedrive', 'papa', 'vera', 'z', ['base', 'deals:read'], undefined],
]

/** Where a dialect's tokens are of a company too. */
const organizationOf = (dialect: App['dialect'], scene: string): string =>
  dialect === 'pipedrive' ? `${scene}.company` : ''

export async function makeScene(scene: string, { deployment }: Node): Promise<Scene> {
  const { store, world, keyRing } = deployment
  const { now, ring } = world.moment()
  const version = currentVersion(ring, now)
  const named = (name: string): string => (name === '' ? '' : `${scene}.${name}`)
  const users = ['una', 'vera'].map(named)
  const apps = cast.map(([name, dialect, type, scopes, policy]) => ({
    id: named(name),
    dialect,
    proven: type === 'confidential',
    secret: type === 'public' ? undefined : randomBytes(32).toString('base64url'),
    scopes,
    policy: policyOf(findDialect(dialect)?.policy ?? {}, { policy }),
  }))
  await store.commit([
    {
      write: 'put_organization',
      organization: anOrganization({ id: organizationOf('pipedrive', scene), name: scene }),
    },
    ...users.map(
      (id) => ({ write: 'put_user', user: aUser({ id, username: id }), organizations: [] }) as const,
    ),
    ...cast.map(([name, dialect, type, scopes, policy]) => {
      const client = aClient({ id: named(name), dialect, type, scopes, policy })
      return { write: 'add_client', client, at: now } as const
    }),
    ...apps.flatMap(({ id, secret }) => {
      if (secret === undefined) return []
      const kept = { hmac: secretHmac(version, secret), keyVersion: version.version, expires: undefined }
      const about = { clientId: id, secret: kept, sealed: undefined, created: now, othersExpire: undefined }
      return [{ write: 'add_client_secret', ...about } as const]
    }),
  ])
  const tokens = props.map(([name, dialect, , user, authorization, scopes, expiresInDays]): Token => {
    const expires = expiresInDays === undefined ? undefined : now + expiresInDays * day
    const group = authorization && named(authorization)
    return { name: named(name), dialect, user: named(user), authorization: group, scopes, expires }
  })
  const lookups = tokens.map(({ name }) => lookupOf(version, 'raw', Buffer.from(name)))
  await store.noteLookupKind({ version: version.version, kind: 'raw' })
  await store.importLegacyTokens(
    tokens.map(({ dialect, user, authorization, scopes, expires }, at) => ({
      ...{ lookup: lookups[at] ?? Buffer.alloc(0), lookupVersion: version.version, alsoAs: [] },
      ...{ clientId: named(props[at]?.[2] ?? ''), dialect, authorization, userId: user },
      ...{ organizationId: organizationOf(dialect, scene), kind: 'user', scopes, expires },
      ...{ created: undefined, lastUsed: undefined },
    })),
  )
  await keyRing.reread()
  const rows = tokens.map((token, at) => {
    const app = named(props[at]?.[2] ?? '')
    return { token, app, bound: '', status: 'active', exchange: 0, grant: undefined, epoch: 1 } as const
  })
  const nothing = { connections: [], grants: [], disabled: [], revoked: [], swept: [], declared: undefined }
  return {
    ...{ apps, tokens, users, state: { rows: [...rows], ...nothing } },
    names: new Map(lookups.map((lookup, at) => [lookup.toString('hex'), tokens[at]?.name ?? ''])),
  }
}

export const organizationOfApp = ({ id, dialect }: Pick<App, 'id' | 'dialect'>): string =>
  organizationOf(dialect, id.split('.')[0] ?? '')
