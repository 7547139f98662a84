/** What is asked of admissions, and the statements of their changes. */
import type { AdmissionFinders, AdmissionWrite } from '../kernel/admissions.ts'
import type { Database } from './database.ts'
import { number, text, textOrNone } from './rows.ts'
import type { Statements } from './statement-parts.ts'
import { insert, none } from './statement-parts.ts'

export const admissionStatements: Statements<AdmissionWrite['write']> = {
  enable_client: ({ organizationId, clientId, by, at }) => [
    {
      sql: `${insert('enabled_clients', ['organization_id', 'client', 'at', 'by_user'])}
        on conflict do nothing returning 1`,
      values: [organizationId, clientId, at, none(by)],
    },
  ],
  end_enabling: ({ organizationId, clientId }) => [
    {
      sql: 'delete from enabled_clients where organization_id = $1 and client = $2 returning 1',
      values: [organizationId, clientId],
    },
  ],
}

export const admissionFindersOf = (database: Database): AdmissionFinders => ({
  async isEnabled(organizationId, clientId) {
    const [row] = await database.query(
      'select 1 from enabled_clients where organization_id = $1 and client = $2',
      [organizationId, clientId],
    )
    return row !== undefined
  },
  async listEnabled(organizationId) {
    const rows = await database.query(
      'select client, at, by_user from enabled_clients where organization_id = $1 order by client',
      [organizationId],
    )
    return rows.map((row) => ({
      clientId: text(row.client),
      at: number(row.at),
      by: textOrNone(row.by_user),
    }))
  },
})
