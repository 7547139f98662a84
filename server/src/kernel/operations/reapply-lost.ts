/**
 * What both began and ended in a part of history that a copy of the database does not know. Here it never
 * began, so there is nothing to end; a mark is left, or it would begin anew as if nobody had ended it.
 */
import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Policy } from '../policy.ts'
import { policyOf } from '../policy.ts'
import type { Client, Connection, Event, Milliseconds } from '../records.ts'
import type { LegacyFacts } from '../store.ts'

export type MarkConnectionInput = {
  readonly of: Pick<Connection, 'clientId' | 'userId' | 'organizationId'>
  /** When it was revoked: it had begun by then. */
  readonly at: Milliseconds
  readonly actor: Actor
}

type ConnectionFacts = {
  readonly client: Client | undefined
  readonly connection: Connection | undefined
}

/**
 * A connection that was made and revoked: it stands here as revoked. Its user may not be here, since legacy
 * tokens name users who were never imported.
 */
export const markConnectionRevoked: Operation<MarkConnectionInput, ConnectionFacts, Connection> = {
  look: async (store, { of: { clientId, userId, organizationId } }) => ({
    client: await store.findClient(clientId),
    connection: await store.findConnection(clientId, userId, organizationId),
  }),

  decide({ of, at, actor }, { client, connection: found }, { now, number }) {
    if (!client || (of.userId === '' && of.organizationId === '')) return refuse('record_unknown')
    if (found) return refuse('nothing_to_change')
    const connection: Connection = {
      ...of,
      number: number(),
      scopes: [],
      since: at,
      origin: 'migrated',
      confirmation: 'not_needed',
      status: 'revoked',
      // As any that was made at 1 and revoked: the legacy tokens of that time stay below it.
      epoch: 2,
      liveGrants: [],
      lastUsed: undefined,
    }
    const detail = `connection ${connection.number}, 0 grants`
    return granted(
      connection,
      { write: 'add_revoked_connection', connection },
      event('connection_revoked', now, actor, { ...of, detail }),
    )
  },
}

export type SpendLegacyTokenInput = {
  readonly lookup: Uint8Array
  /** `exchanged`: for a grant that was lost, and had ended; `revoked`: the token itself was. */
  readonly as: 'exchanged' | 'revoked'
  readonly about: Pick<Event, 'clientId' | 'userId' | 'organizationId' | 'grantNumber' | 'detail'>
  /** The policies of all mounts, by the name of their dialect. */
  readonly policies: Readonly<Record<string, Partial<Policy>>>
  readonly actor: Actor
}

type LegacyTokenFacts = {
  readonly client: Client | undefined
  readonly legacy: LegacyFacts | undefined
}

/** A legacy token that a client had exchanged, and must not exchange again although its grant is not here. */
export const spendLegacyToken: Operation<SpendLegacyTokenInput, LegacyTokenFacts, { readonly spent: true }> =
  {
    look: async (store, { lookup, about: { clientId = '' } }) => ({
      client: await store.findClient(clientId),
      legacy: await store.findLegacyToken([lookup], clientId, 'user'),
    }),

    decide({ as, about, policies, actor }, { client, legacy }, { now }) {
      if (!client || !legacy) return refuse('record_unknown')
      const { token, alias } = legacy
      const isAnothers = (token.clientId || token.boundTo || client.id) !== client.id
      const isSpent = token.status !== 'active' || alias === 'revoked' || alias === as
      if (isAnothers || isSpent) return refuse('nothing_to_change')
      const { cardinality, legacyAfterExchange } = policyOf(policies[client.dialect] ?? {}, client)
      return granted(
        { spent: true },
        {
          write: 'spend_legacy_token',
          token,
          boundTo: client.id,
          leavesShared: token.clientId === '' && cardinality === 'each_client',
          status: as === 'exchanged' && legacyAfterExchange === 'retire' ? 'retired' : as,
          grantNumber: about.grantNumber,
        },
        event(as === 'revoked' ? 'legacy_token_revoked' : 'grant_revoked', now, actor, about),
      )
    },
  }
