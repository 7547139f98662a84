/** What `tokenferry doctor` says of tables in PostgreSQL: what is dead in them, and how they are divided. */
import type { Config } from '../config.ts'
import type { Database, Row } from '../storage/database.ts'
import type { Finding } from './doctor-finding.ts'
import { ok, warn } from './doctor-finding.ts'

export async function tableFindings(database: Database, config: Config): Promise<readonly Finding[]> {
  // Of a partitioned table, the parts have the rows; it stands beside them, and is none.
  const tables = await database.scan(
    `select coalesce(p.relname, s.relname) as name, count(*) as parts, sum(s.n_live_tup) as live,
        sum(s.n_dead_tup) as dead, sum(s.n_tup_upd) as updates, sum(s.n_tup_hot_upd) as hot,
        to_char(max(greatest(s.last_autovacuum, s.last_vacuum)), 'YYYY-MM-DD HH24:MI') as vacuumed
      from pg_stat_user_tables s join pg_class c on c.oid = s.relid and c.relkind = 'r'
      left join pg_inherits i on i.inhrelid = s.relid left join pg_class p on p.oid = i.inhparent
      where s.schemaname = current_schema group by 1 order by 1`,
    [],
  )
  const [row] = await database.scan(`select setting from pg_settings where name = 'autovacuum'`, [])
  const grants = tables.find(({ name }) => name === 'grants')
  return [
    ...bloatFindings(tables, row?.setting === 'on'),
    ...(grants ? [...refreshFindings(grants), partitionFinding(grants, config)] : []),
  ]
}

/** Fewer dead rows than this are nothing to speak of. */
const deadMin = 10_000
const deadPartMax = 0.3

function bloatFindings(tables: readonly Row[], vacuums: boolean): readonly Finding[] {
  if (!vacuums) {
    return [warn('vacuum', 'autovacuum is off: dead rows stay, and tables only grow. Set autovacuum = on')]
  }
  const findings = tables
    .filter(({ live, dead }) => Number(dead) > deadMin && Number(dead) > deadPartMax * Number(live))
    .map(({ name, live, dead, vacuumed }) => {
      const says = `${name} has ${dead} dead rows beside ${live}, last vacuumed ${vacuumed ?? 'never'}`
      const look = 'is a transaction open for long (pg_stat_activity)?'
      return warn('vacuum', `${says}: ${look} Else: vacuum (analyze) ${name}`)
    })
  return findings.length > 0 ? findings : [ok('vacuum', 'autovacuum keeps up')]
}

const updatesMin = 10_000
const hotPartMin = 0.5

/** A refresh that finds room on its page touches no index: that is what the fill factor is for. */
function refreshFindings({ updates, hot }: Row): readonly Finding[] {
  if (Number(updates) < updatesMin) return []
  const part = Number(hot) / Number(updates)
  const says = `${Math.round(100 * part)} % of the changes of grants touched no index`
  if (part >= hotPartMin) return [ok('refreshes', says)]
  return [
    warn('refreshes', `${says}: pages are full. alter table grants set (fillfactor = 70), then vacuum full`),
  ]
}

const rowsOfOnePart = 20_000_000

function partitionFinding({ parts, live }: Row, { postgres: { partitions } }: Config): Finding {
  const says = `grants has ${parts === 1 ? 'one part' : `${parts} parts`}`
  if (Number(parts) !== partitions) {
    const kept = 'that setting counts only where the tables are made'
    return warn('partitions', `${says}, and postgres.partitions is ${partitions}: ${kept}`)
  }
  if (Number(live) > rowsOfOnePart * Number(parts)) {
    return warn('partitions', `${says} for ${live} rows: docs/operating/postgres.md says when to divide them`)
  }
  return ok('partitions', says)
}
