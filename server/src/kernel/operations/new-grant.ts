/** A grant at its birth, and the writes that follow the guard which decided that there is one. */
import { locatorHash } from '../chain.ts'
import type { Write } from '../decision.ts'
import { event } from '../decision.ts'
import type { Moment } from '../kernel.ts'
import type { Connection, EventKind, Grant } from '../records.ts'
import type { RingVersion } from '../ring.ts'
import { union, within } from '../scopes.ts'
import type { Caller } from './issue.ts'
import { accessUntil, refreshUntil } from './issue.ts'

type Birth = {
  readonly caller: Caller
  readonly connection: Connection
  /** The decision saw no such connection: this commit makes it. */
  readonly isNew: boolean
  readonly number: number
  readonly locator: Uint8Array
  readonly version: RingVersion
  readonly about: Pick<Grant, 'userId' | 'organizationId' | 'actsAs' | 'authorizedBy' | 'scopes' | 'resource'>
  readonly kind: Extract<EventKind, 'grant_created' | 'legacy_token_exchanged'>
}

/** What a grant's event says in detail where its connection began with it. */
export const connected = 'connected'

/** However a grant comes about, it begins the same: unused, under its connection, told of by one event. */
export function newGrant(
  { caller, connection, isNew, number, locator, version, about, kind }: Birth,
  { now }: Moment,
): { readonly grant: Grant; readonly followers: readonly Write[] } {
  const { client, policy, actor } = caller
  const { userId, organizationId, actsAs, authorizedBy, scopes, resource } = about
  const grant: Grant = {
    number,
    locatorHash: locatorHash(locator),
    connection: connection.number,
    clientId: client.id,
    userId,
    organizationId,
    actsAs,
    authorizedBy,
    scopes,
    resource,
    boundKey: undefined,
    epoch: connection.epoch,
    generation: 0,
    rotatedAt: now,
    keyVersion: version.version,
    created: now,
    usedAt: undefined,
    refreshUntil: refreshUntil(policy, now),
    accessUntil: accessUntil(policy, now),
    status: 'live',
    reason: undefined,
    replays: 0,
  }
  const isWider = connection.confirmation === 'pending' && !within(scopes, connection.scopes)
  const widened = { number: connection.number, scopes: union(connection.scopes, scopes) }
  return {
    grant,
    followers: [
      {
        write: 'open_connection',
        connection,
        grantNumber: number,
        grantsMax: policy.grantsPerConnectionMax,
        at: now,
        isNew,
      },
      ...(isWider ? [{ write: 'widen_connection', connection: widened } as const] : []),
      { write: 'add_grant', grant },
      event(kind, now, actor, { ...grant, grantNumber: number, detail: isNew ? connected : undefined }),
    ],
  }
}
