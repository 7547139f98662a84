/** Who holds a lease, and the statements that change it. */
import type { LeaseFinders, LeaseWrite } from '../kernel/leases.ts'
import type { Database } from './database.ts'
import { number, text } from './rows.ts'
import type { Statements } from './statement-parts.ts'
import { insert, none } from './statement-parts.ts'

export const leaseStatements: Statements<LeaseWrite['write']> = {
  take_lease: ({ lease: { name, holder, until }, now, stale }) => [
    {
      sql: `${insert('leases', ['name', 'holder', 'until'])}
        on conflict (name) do update set holder = excluded.holder, until = excluded.until
        where leases.holder = excluded.holder or leases.until <= $4
          or (leases.holder = $5 and leases.until = $6)
        returning 1`,
      values: [name, holder, until, now, none(stale?.holder), none(stale?.until)],
    },
  ],
  end_lease: ({ name, holder }) => [
    {
      sql: 'update leases set until = 0 where name = $1 and holder = $2 returning 1',
      values: [name, holder],
    },
  ],
}

export const leaseFindersOf = (database: Database): LeaseFinders => ({
  async findLease(name) {
    const [row] = await database.query('select * from leases where name = $1', [name])
    return row && { name: text(row.name), holder: text(row.holder), until: number(row.until) }
  },
})
