/** A grant at its birth, and the writes that follow the guard which decided that there is one. */
import { locatorHash } from '../chain.ts'
import type { Write } from '../decision.ts'
import { event } from '../decision.ts'
import { said } from '../event-detail.ts'
import type { EventKind } from '../event-kinds.ts'
import type { Moment } from '../kernel.ts'
import type { Connection, Grant } from '../records.ts'
import type { RingVersion } from '../ring.ts'
import { newsOf, widenedBy } from './confirmation.ts'
import type { Caller } from './issue.ts'
import { accessUntil, refreshUntil } from './issue.ts'

type Birth = {
  readonly caller: Caller
  /** As it was seen, or as this commit makes it. */
  readonly connection: Connection
  /** The decision saw no such connection: this commit makes it. */
  readonly isNew: boolean
  readonly number: number
  readonly locator: Uint8Array
  readonly version: RingVersion
  readonly about: Pick<Grant, 'userId' | 'organizationId' | 'actsAs' | 'authorizedBy' | 'scopes' | 'resource'>
  readonly kind: Extract<EventKind, 'grant_created' | 'legacy_token_exchanged'>
  /** Of the legacy token that it comes of: who reads the events again must know which one is spent. */
  readonly lookup?: Uint8Array
}

/**
 * However a grant comes about, it begins the same: unused, under its connection, told of by one event. The
 * connection is told as it is after the commit.
 */
export function newGrant(
  { caller, connection: seen, isNew, number, locator, version, about, kind, lookup }: Birth,
  { now }: Moment,
): { readonly grant: Grant; readonly connection: Connection; readonly followers: readonly Write[] } {
  const { client, policy, actor } = caller
  const { userId, organizationId, actsAs, authorizedBy, scopes, resource } = about
  const connection = widenedBy(seen, scopes, policy)
  const news = newsOf(isNew ? undefined : seen, connection)
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
  return {
    grant,
    connection,
    followers: [
      {
        write: 'open_connection',
        connection,
        grantNumber: number,
        grantsMax: policy.grantsPerConnectionMax,
        at: now,
        isNew,
      },
      ...(connection === seen ? [] : [{ write: 'widen_connection', connection } as const]),
      { write: 'add_grant', grant },
      event(kind, now, actor, {
        grantNumber: number,
        detail: said(news ?? '', { lookup }) || undefined,
        ...grant,
      }),
    ],
  }
}
