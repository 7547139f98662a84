/** The statements of the outbox's writes. */
import type { Statements } from './statement-parts.ts'
import { insert, none } from './statement-parts.ts'

type OutboxWrite =
  | 'read_events'
  | 'plan_delivery'
  | 'announce_client'
  | 'claim_delivery'
  | 'settle_delivery'
  | 'retry_delivery'

const deliveryColumns = [
  'id', 'channel', 'kind', 'client', 'user_id', 'organization_id', 'connection', 'epoch', 'event', 'at', 'due',
  'attempts', 'status', 'claimed_by', 'problem', 'one_time_code',
] // biome-ignore format: a table of names reads best in lines

const planSql = `${insert('deliveries', deliveryColumns)} on conflict do nothing returning 1`

/** The key in `meta` under which the last event that was read stands. */
export const eventsRead = 'events_read'

export const outboxStatements: Statements<OutboxWrite> = {
  read_events: ({ from, to }) => [
    {
      sql: `update meta set value = $2 where key = '${eventsRead}' and value = $1 returning 1`,
      values: [String(from), String(to)],
    },
  ],
  plan_delivery: ({ delivery }) => [
    {
      sql: planSql,
      values: [
        delivery.id, delivery.channel, delivery.kind, delivery.clientId ?? '', delivery.userId ?? '',
        delivery.organizationId ?? '', none(delivery.connection), none(delivery.epoch), none(delivery.event),
        delivery.at, delivery.due, delivery.attempts, delivery.status, none(delivery.claimedBy),
        none(delivery.problem), none(delivery.oneTimeCode),
      ], // biome-ignore format: in the order of the columns
    },
  ],
  announce_client: ({ clientId, organizationId, at }) => [
    {
      sql: `${insert('announcements', ['client', 'organization_id', 'at'])} on conflict do nothing returning 1`,
      values: [clientId, organizationId, at],
    },
  ],
  claim_delivery: ({ seen, by, until, attempts }) => [
    {
      sql: `update deliveries set claimed_by = $4, due = $5, attempts = $6
        where id = $1 and due = $2 and claimed_by is not distinct from $3 and status = 'waiting' returning 1`,
      values: [seen.id, seen.due, none(seen.claimedBy), by, until, attempts],
    },
  ],
  settle_delivery: ({ id, by, status, due, problem }) => [
    {
      sql: `update deliveries set status = $3, due = $4, problem = $5, claimed_by = null
        where id = $1 and claimed_by = $2 and status = 'waiting' returning 1`,
      values: [id, by, status, due, none(problem)],
    },
  ],
  retry_delivery: ({ id, due }) => [
    {
      sql: `update deliveries set status = 'waiting', due = $2,
          attempts = case when status = 'given_up' then 0 else attempts end
        where id = $1 and (status = 'given_up' or (status = 'waiting' and claimed_by is null and due > $2))
        returning 1`,
      values: [id, due],
    },
  ],
}
