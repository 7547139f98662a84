/** Records to test with: each is plain and whole, and a test names only what it is about. */
import { randomBytes } from 'node:crypto'
import type { Moment } from '../kernel/kernel.ts'
import type { OneTimeCode } from '../kernel/one-time-code.ts'
import type { Caller } from '../kernel/operations/issue.ts'
import { defaultPolicy } from '../kernel/policy.ts'
import type {
  AuthorizationCode,
  Client,
  Connection,
  Delivery,
  Grant,
  LegacyToken,
  Organization,
  Session,
  User,
} from '../kernel/records.ts'
import type { RequestToken } from '../kernel/request-token.ts'
import type { Purpose, Ring, RingVersion } from '../kernel/ring.ts'
import { purposes } from '../kernel/ring.ts'

/** The moment that tests happen at, unless they say otherwise: beyond 2^40, as times are. */
export const noon = Date.UTC(2026, 6, 1, 12)

export const aClient = (changes: Partial<Client> = {}): Client => ({
  id: 'app',
  dialect: 'standard',
  name: 'An app',
  type: 'confidential',
  status: 'enabled',
  scopes: ['read', 'write'],
  redirectUris: [],
  identifiers: [],
  exchangeFrom: undefined,
  exchangeUntil: undefined,
  exchangeStatus: 'on',
  exchangesPerDayMax: undefined,
  mayIntrospect: false,
  origins: [],
  tokensValidAfter: 0,
  maker: undefined,
  logo: undefined,
  callback: undefined,
  callbackStatus: 'on',
  callbackEvents: [],
  policy: {},
  secrets: [],
  ...changes,
})

export const aUser = (changes: Partial<User> = {}): User => ({
  id: 'user',
  username: 'user@example',
  email: undefined,
  name: undefined,
  passwordHash: undefined,
  status: 'enabled',
  language: undefined,
  lockedUntil: undefined,
  region: undefined,
  ...changes,
})

export const anOrganization = (changes: Partial<Organization> = {}): Organization => ({
  id: 'company',
  name: 'A company',
  region: undefined,
  apiDomain: undefined,
  status: 'enabled',
  allowedAddresses: [],
  ...changes,
})

export const aConnection = (changes: Partial<Connection> = {}): Connection => ({
  number: 1,
  clientId: 'app',
  userId: 'user',
  organizationId: '',
  scopes: ['read'],
  since: noon,
  origin: 'migrated',
  confirmation: 'not_needed',
  status: 'live',
  epoch: 1,
  liveGrants: [],
  lastUsed: undefined,
  ...changes,
})

export const aGrant = (changes: Partial<Grant> = {}): Grant => ({
  number: 2,
  locatorHash: Buffer.alloc(32, 7),
  connection: 1,
  clientId: 'app',
  userId: 'user',
  organizationId: '',
  actsAs: 'user',
  authorizedBy: 'user',
  scopes: ['read'],
  resource: [],
  boundKey: undefined,
  epoch: 1,
  generation: 0,
  rotatedAt: noon,
  keyVersion: 1,
  created: noon,
  usedAt: undefined,
  refreshUntil: noon + 90 * 86_400_000,
  accessUntil: noon + 3_600_000,
  status: 'live',
  reason: undefined,
  replays: 0,
  ...changes,
})

export const aLegacyToken = (changes: Partial<LegacyToken> = {}): LegacyToken => ({
  lookup: Buffer.alloc(32, 9),
  clientId: 'app',
  dialect: 'standard',
  boundTo: undefined,
  lookupVersion: 1,
  authorization: undefined,
  userId: 'user',
  organizationId: '',
  kind: 'user',
  scopes: ['read'],
  created: undefined,
  expires: undefined,
  lastUsed: undefined,
  status: 'active',
  exchange: 0,
  keyVersion: undefined,
  grantNumber: undefined,
  connectionEpoch: 1,
  ...changes,
})

export const aCode = (changes: Partial<AuthorizationCode> = {}): AuthorizationCode => ({
  hash: Buffer.alloc(32, 5),
  kind: 'consent',
  clientId: 'app',
  userId: 'user',
  organizationId: '',
  actsAs: 'user',
  authorizedBy: 'user',
  scopes: ['read'],
  resource: [],
  redirectUri: undefined,
  codeChallenge: undefined,
  legacyLookup: undefined,
  legacyClientId: undefined,
  wrappedLocator: undefined,
  created: noon,
  expires: noon + 60_000,
  status: 'open',
  grantNumber: undefined,
  nonce: undefined,
  authenticatedAt: undefined,
  ...changes,
})

export const aRequestToken = (changes: Partial<RequestToken> = {}): RequestToken => ({
  hash: Buffer.alloc(32, 4),
  clientId: 'app',
  userId: '',
  organizationId: 'company',
  authorizedBy: '',
  scopes: ['read'],
  created: noon - 3_600_000,
  expires: noon + 23 * 3_600_000,
  uses: 0,
  keyVersion: undefined,
  grantNumber: undefined,
  ...changes,
})

export const aOneTimeCode = (changes: Partial<OneTimeCode> = {}): OneTimeCode => ({
  id: Buffer.alloc(16, 4),
  clientId: 'app',
  userId: 'user',
  keyVersion: 1,
  facts: Buffer.alloc(32, 6),
  guesses: 0,
  created: noon,
  expires: noon + 600_000,
  status: 'open',
  ...changes,
})

/** A version of the ring with keys of its own. */
export const aRingVersion = (version = 1, currentFrom = 0): RingVersion => ({
  version,
  currentFrom,
  // `fromEntries` forgets that there is one entry for each purpose.
  keys: Object.fromEntries(purposes.map((purpose) => [purpose, randomBytes(32)])) as Record<Purpose, Buffer>,
})

export const aRing = (versions: readonly RingVersion[], changes: Partial<Ring> = {}): Ring => ({
  versions,
  destroyed: new Set(),
  compromised: new Set(),
  lookupKinds: versions.map(({ version }) => ({ version, kind: 'raw' })),
  digestKey: undefined,
  ...changes,
})

/** A moment whose numbers count up from 100. */
export function aMoment(ring: Ring, now = noon): Moment {
  let number = 100
  return { now, ring, random: randomBytes, number: () => number++ }
}

export const aCaller = (changes: Partial<Caller> = {}): Caller => ({
  client: aClient(),
  proven: true,
  policy: defaultPolicy,
  actor: { actor: 'client:app', address: undefined, requestId: undefined },
  ...changes,
})

export const aSession = (changes: Partial<Session> = {}): Session => ({
  hash: Buffer.alloc(32, 1),
  userId: 'user',
  created: noon,
  expires: noon + 43_200_000,
  method: 'password',
  address: undefined,
  userAgent: undefined,
  ...changes,
})

export const aDelivery = (changes: { readonly [Field in keyof Delivery]?: Delivery[Field] } = {}): Delivery =>
  // Spreading forgets that channel and kind belong together.
  ({
    id: 'one',
    channel: 'callback',
    kind: 'grant.created',
    clientId: 'app',
    userId: 'user',
    organizationId: undefined,
    connection: undefined,
    epoch: undefined,
    oneTimeCode: undefined,
    event: 7,
    at: noon,
    due: noon,
    attempts: 0,
    status: 'waiting',
    claimedBy: undefined,
    problem: undefined,
    ...changes,
  }) as Delivery
