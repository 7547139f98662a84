/**
 * Policy: what the operator may choose. Three layers, each over the one before: the defaults here, the
 * dialect's, the client's. Durations are seconds; `null` is "never".
 */

export type SignatureAlgorithm = 'ES256' | 'RS256' | 'EdDSA'

/** A user's own password; a code mailed to them; a request token that an admin made for the app. */
export type DirectGrant = 'password' | 'otp' | 'authtoken'

export type Policy = {
  readonly accessSeconds: number
  readonly accessFormat: 'jwt' | 'opaque'
  readonly signature: SignatureAlgorithm
  /** Life of a refresh token since the last rotation; `null`: no end. */
  readonly refreshSeconds: number | null
  readonly codeSeconds: number
  /** Whether the app may refresh at all. */
  readonly refreshAllowed: boolean
  /** Grants that are off unless an app is allowed them (RFC 9700 §2.4 says why a password should be none). */
  readonly directGrants: readonly DirectGrant[]
  /** Whether an organization must have let the app in before anybody of it connects it. */
  readonly organizations: 'all' | 'enabled'
  /**
   * When a refresh says a new refresh token: at every use; at most once in so many seconds (to a client that
   * proved itself); never.
   */
  readonly rotate: 'always' | 'never' | { readonly atMostEverySeconds: number }
  /** How long a lost answer can be asked for again, by a proven client and by any other. */
  readonly exchangeRepeatSeconds: number
  readonly exchangeRepeatUnprovenSeconds: number
  readonly refreshRepeatSeconds: number
  readonly refreshRepeatUnprovenSeconds: number
  /** What a refresh token presented after its window does: RFC 9700 §4.14.2 would end the grant. */
  readonly reuse: 'end' | 'refuse'
  /** A secret that ships inside an app proves nothing: its client gets the windows of a public one. */
  readonly secretsArePublic: boolean
  /** Who may exchange a legacy token that names no client. */
  readonly cardinality: 'bound' | 'first_client' | 'each_client'
  /** What the old token is still worth at the API after its exchange. */
  readonly legacyAfterExchange:
    | 'keep'
    | 'retire'
    | 'retire_on_first_use'
    | { readonly retireAfterSeconds: number }
  /** Recorded scopes that the client may not have: leave them out, or refuse the exchange. */
  readonly legacyScopesBeyondClient: 'drop' | 'refuse'
  /**
   * What a connection that was moved over still wants of its user: nothing; to be told, and to confirm it;
   * to confirm it before any of its tokens opens anything.
   */
  readonly confirmation: 'none' | 'notify' | 'required'
  /** When a user who has not confirmed yet is asked once more; `null`: never. */
  readonly confirmationReminderSeconds: number | null
  /** Old scope names to new ones; a name that is not here stays as it is. */
  readonly scopeMap: Readonly<Record<string, string>>
  /** HTTP statuses of refusals, by a dialect's own error code, where its makers have documented none. */
  readonly statuses: Readonly<Record<string, number>>
  readonly grantsPerConnectionMax: number
  readonly codesPerLegacyTokenMax: number
}

const day = 86_400

export const defaultPolicy: Policy = {
  accessSeconds: 3600,
  accessFormat: 'jwt',
  signature: 'ES256',
  refreshSeconds: 90 * day,
  codeSeconds: 60,
  refreshAllowed: true,
  directGrants: [],
  organizations: 'all',
  rotate: 'always',
  exchangeRepeatSeconds: 7 * day,
  exchangeRepeatUnprovenSeconds: day,
  refreshRepeatSeconds: 30 * day,
  refreshRepeatUnprovenSeconds: 60,
  reuse: 'end',
  secretsArePublic: false,
  cardinality: 'bound',
  legacyAfterExchange: 'keep',
  legacyScopesBeyondClient: 'drop',
  confirmation: 'none',
  confirmationReminderSeconds: 3 * day,
  scopeMap: {},
  statuses: {},
  grantsPerConnectionMax: 50,
  codesPerLegacyTokenMax: 5,
}

type Laid = { readonly dialect: Partial<Policy>; readonly policy: Policy }
/** Every request of a client asks for it, often more than once. */
const laid = new WeakMap<{ readonly policy: Partial<Policy> }, Laid>()

/** The three layers, laid over one another. */
export function policyOf(dialect: Partial<Policy>, client: { readonly policy: Partial<Policy> }): Policy {
  const before = laid.get(client)
  if (before?.dialect === dialect) return before.policy
  const policy = { ...defaultPolicy, ...dialect, ...client.policy }
  laid.set(client, { dialect, policy })
  return policy
}
