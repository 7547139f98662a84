/** What `tokenferry doctor` says of a database that no server works with, though nothing in it is broken. */
import type { Database } from '../storage/database.ts'
import { copyingKey, metaOf, movedKey, movingKey } from '../storage/set-aside.ts'
import type { Finding } from './doctor-finding.ts'
import { fail } from './doctor-finding.ts'

export type SetAside = {
  readonly findings: readonly Finding[]
  /** Whether it is worth looking at what is in it: half of a copy lacks whatever comes later. */
  readonly isWhole: boolean
}

export async function setAsideFindings(database: Database): Promise<SetAside> {
  if (!(await database.tables()).has('meta')) return { findings: [], isWhole: true }
  const meta = await metaOf(database)
  if (meta.has(copyingKey)) {
    return { findings: [fail('copy', 'half done: run tokenferry copy again')], isWhole: false }
  }
  const findings: Finding[] = []
  const moving = meta.get(movingKey)
  if (moving !== undefined) {
    const cancel = 'Where the copy has ended: run it again, or tokenferry copy --cancel'
    findings.push(fail('copy', `goes to ${moving}, and nothing may change here meanwhile. ${cancel}`))
  }
  const moved = meta.get(movedKey)
  if (moved !== undefined) {
    const again = 'To use this one again: tokenferry db restored --to TIME'
    findings.push(fail('moved', `to ${moved}: name that one in the configuration. ${again}`))
  }
  if (meta.get('awaits_events') === 'yes') {
    const apply = 'tokenferry events apply --only revocations FILE, or --none'
    findings.push(fail('restore', `waits for its revocations: ${apply}`))
  }
  return { findings, isWhole: true }
}
