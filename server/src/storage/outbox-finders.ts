/** What the outbox looks for: what is due, who is to be told. */
import type { OutboxFinders } from '../kernel/outbox-finders.ts'
import type { Database } from './database.ts'
import { eventsRead } from './outbox-statements.ts'
import { number, text, toDelivery } from './rows.ts'

/** From client to client by the index: an app with a million calls waiting costs one step, as any other. */
const dueClientsSql = `with recursive each (client) as (
    select min(client) from deliveries where status = 'waiting' and channel = $1
    union all
    select (select min(client) from deliveries where status = 'waiting' and channel = $1 and client > each.client)
    from each where each.client is not null)
  select client from each where client is not null
    and (select min(due) from deliveries where status = 'waiting' and channel = $1 and client = each.client) <= $2`

const dueSql = `select * from deliveries where status = 'waiting' and channel = $1 and client = $2 and due <= $3
  order by due limit $4`

const isHeldFor = `l.dialect = $3 and l.status in ('active', 'exchanged', 'retired')
  and (l.bound_to is null or l.bound_to = $2)
  and exists (select 1 from users u where u.id = l.user_id and u.email is not null)`

/** Users of one page in the order of their ids, of tokens that are the client's or nobody's. */
const holdersSql = `select distinct user_id from (
    select * from (select l.user_id from legacy_tokens l where l.organization_id = $1 and l.organization_id <> ''
      and l.client = '' and l.user_id > $4 and ${isHeldFor} group by l.user_id order by l.user_id limit $5) everybodys
    union all
    select * from (select l.user_id from legacy_tokens l where l.organization_id = $1 and l.organization_id <> ''
      and l.client = $2 and l.user_id > $4 and ${isHeldFor} group by l.user_id order by l.user_id limit $5) theirs) holders
  order by user_id limit $5`

export const outboxFindersOf = (database: Database): OutboxFinders => ({
  async findEventsRead() {
    const [row] = await database.query('select value from meta where key = $1', [eventsRead])
    return Number(row?.value ?? 0)
  },
  async isAnnounced(clientId, organizationId) {
    const rows = await database.query(
      'select 1 from announcements where client = $1 and organization_id = $2',
      [clientId, organizationId],
    )
    return rows.length > 0
  },
  async listHolders({ clientId, dialect, organizationId }, { after, limit }) {
    const values = [organizationId, clientId, dialect, after ?? '', limit]
    return (await database.query(holdersSql, values)).map(({ user_id }) => text(user_id))
  },
  async listAdmins(organizationId) {
    const rows = await database.query(
      `select user_id from memberships where organization_id = $1 and role = 'admin' order by user_id`,
      [organizationId],
    )
    return rows.map(({ user_id }) => text(user_id))
  },
  async listDueClients(channel, now) {
    return (await database.query(dueClientsSql, [channel, now])).map(({ client }) => text(client))
  },
  async listDue(channel, clientId, now, limit) {
    return (await database.query(dueSql, [channel, clientId, now, limit])).map(toDelivery)
  },
  async listDeliveries(status, { after, limit }) {
    const rows = await database.query(
      'select * from deliveries where status = $1 and id > $2 order by id limit $3',
      [status, after ?? '', limit],
    )
    return rows.map(toDelivery)
  },
  async countDeliveries() {
    const rows = await database.query(
      'select channel, status, count(*) as count, min(at) as oldest from deliveries group by 1, 2 order by 1, 2',
      [],
    )
    return rows.map((row) => ({
      channel: text(row.channel),
      status: text(row.status),
      count: number(row.count),
      oldest: number(row.oldest),
    }))
  },
})
