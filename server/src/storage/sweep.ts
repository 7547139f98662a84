/** Deletes what is dead, a window of rows at a time: no statement of it reads a whole table. */
import type { Milliseconds } from '../kernel/records.ts'
import type { Store } from '../kernel/store.ts'
import type { Database, Statement } from './database.ts'
import { number, numberOrNone } from './rows.ts'
import { isConnected } from './statement-parts.ts'

const day = 86_400_000
/** Events are read within this time, by whoever reads them. */
const eventsKept = 90 * day
/** Far more than clocks of one deployment may differ. */
const clocksApart = 600_000
const addressesKept = 600_000

/** Each call looks at the next `limit` grants; `done` once it has come round to the first again. */
export function sweeper(database: Database): Store['sweep'] {
  let cursor = 0
  return async (now, limit) => {
    const [row] = await database.scan(
      'select max(number) as last, count(*) as seen from (select number from grants where number > $1 order by number limit $2) looked_at',
      [cursor, limit],
    )
    const from = cursor
    const to = numberOrNone(row?.last) ?? from
    const gone = await database.bulk([
      ...(database.backend === 'postgres' ? [holdDead(now, from, to)] : []),
      ...statements(now, limit, from, to),
    ])
    const done = number(row?.seen) < limit
    cursor = done ? 0 : to
    return { gone, done }
  }
}

/**
 * A grant goes when neither its refresh token nor any access token of it can live. Rows of a number block
 * that nobody gave back stay: a number without a row in there means that the row was lost with a copy of the
 * database.
 */
const dead = `g.number > $2 and g.number <= $3 and g.access_until < $1
  and (g.refresh_until < $1 or g.status <> 'live' or not ${isConnected('g')})
  and exists (select 1 from number_blocks b where b.first <= g.number and b.closed_from > g.number)`

/**
 * A refresh may be changing such a row at this moment, on another connection. Once it is through, no other
 * one begins, and the statements below all see the same. Holds the rows, and returns none.
 */
const holdDead = (now: Milliseconds, from: number, to: number): Statement => ({
  sql: `select count(*) from (select g.number from grants g where ${dead} order by g.number for update) held
    having count(*) < 0`,
  values: [now, from, to],
})

/**
 * So many rows of a condition. The row that goes is asked, too: one that had to be waited for may have
 * changed since it was found.
 */
const sweepSome = (table: string, key: string, condition: string, order = ''): string =>
  `delete from ${table} where ${condition} and (${key}) in
    (select ${key} from ${table} where ${condition} ${order} limit $2)`

const statements = (now: Milliseconds, limit: number, from: number, to: number): Statement[] => [
  {
    sql: `update connections set live_grants = (
        select coalesce(',' || string_agg(cast(n as text), ',' order by n) || ',', ',') from (
          select g.number as n from grants g where g.connection = connections.number and g.status = 'live'
            and g.number in (select value from listed(connections.live_grants))
            and not (${dead})) left_over)
      where number in (select connection from grants g where g.status = 'live' and ${dead})`,
    values: [now, from, to],
  },
  { sql: `delete from grants as g where ${dead}`, values: [now, from, to] },
  { sql: sweepSome('codes', 'hash', 'expires < $1'), values: [now - day, limit] },
  // A day longer than they are good, so that a late app hears that its token has expired.
  { sql: sweepSome('request_tokens', 'hash', 'expires < $1'), values: [now - day, limit] },
  { sql: sweepSome('one_time_codes', 'id', 'expires < $1'), values: [now, limit] },
  // Where another node's clock is behind, the token is good for a moment longer there.
  { sql: sweepSome('revoked_access_tokens', 'jti', 'expires < $1'), values: [now - clocksApart, limit] },
  { sql: sweepSome('sessions', 'hash', 'expires < $1'), values: [now, limit] },
  { sql: sweepSome('counters', 'key, "window"', '"window" < $1'), values: [now - 2 * day, limit] },
  {
    // Those of addresses are of a minute, and many in an attack.
    sql: sweepSome('counters', 'key, "window"', `"window" < $1 and key >= 'address:' and key < 'address;'`),
    values: [now - addressesKept, 10 * limit],
  },
  { sql: sweepSome('events', 'id', 'at < $1', 'order by id'), values: [now - eventsKept, limit] },
  {
    // The tombstone of a mail that was sent keeps it from being planned again.
    sql: sweepSome('deliveries', 'id', `status <> 'waiting' and at < $1`),
    values: [now - eventsKept, limit],
  },
]
