/**
 * The grant that a legacy token becomes, and the writes that make it; shared by the exchange and the code's
 * way.
 */
import type { Write } from '../decision.ts'
import type { Moment } from '../kernel.ts'
import type { Connection, Grant, LegacyToken } from '../records.ts'
import type { RingVersion } from '../ring.ts'
import type { Caller } from './issue.ts'
import { expected } from './issue.ts'
import { newGrant } from './new-grant.ts'

export type Migrated = {
  readonly caller: Caller
  readonly facts: { readonly connection: Connection | undefined; readonly token: LegacyToken }
  readonly as: Grant['actsAs']
  readonly scopes: readonly string[]
  readonly resource: readonly string[]
  readonly number: number
  readonly locator: Uint8Array
  readonly version: RingVersion
}

/** The grant that a legacy token becomes, its connection as it then is, and the writes after the guard. */
export function migratedGrant(
  migrated: Migrated,
  moment: Moment,
): { grant: Grant; connection: Connection; followers: readonly Write[] } {
  const { caller, facts, as, scopes, resource, number, locator, version } = migrated
  const { token } = facts
  const connection = facts.connection ?? migratedConnection(migrated, moment)
  const { userId } = connection
  const { organizationId } = token
  return newGrant(
    {
      caller,
      connection,
      isNew: facts.connection === undefined,
      number,
      locator,
      version,
      about: { userId, organizationId, actsAs: as, authorizedBy: token.userId, scopes, resource },
      kind: 'legacy_token_exchanged',
      lookup: token.lookup,
    },
    moment,
  )
}

/** A connection that nobody was asked about. */
export const migratedConnection = (
  { caller, facts, as, scopes }: Pick<Migrated, 'caller' | 'facts' | 'as' | 'scopes'>,
  moment: Moment,
): Connection => ({
  number: moment.number(),
  clientId: caller.client.id,
  userId: as === 'user' ? facts.token.userId : '',
  organizationId: facts.token.organizationId,
  scopes,
  since: moment.now,
  origin: 'migrated',
  confirmation: caller.policy.confirmation === 'none' ? 'not_needed' : 'pending',
  status: 'live',
  epoch: 1,
  liveGrants: [],
  lastUsed: undefined,
})

/** The guard of an exchange: of all who race for this token, one changes its row. */
export function guardOf(
  { client, policy }: Caller,
  { token, connection }: Migrated['facts'],
  grant: Grant,
  codeHash: Uint8Array | undefined,
): Write {
  const forEach = policy.cardinality === 'each_client'
  return {
    write: 'exchange_legacy_token',
    lookup: token.lookup,
    clientId: token.clientId,
    insertFor: token.clientId === '' && forEach ? client.id : undefined,
    takesShared: !forEach,
    authorization: token.authorization,
    dialect: token.dialect,
    boundTo: client.id,
    status: policy.legacyAfterExchange === 'retire' ? 'retired' : 'exchanged',
    exchange: token.exchange,
    keyVersion: grant.keyVersion,
    grantNumber: grant.number,
    connection: expected(grant, connection),
    created: grant.created,
    codeHash,
  }
}
