/** What an app of the standard dialect asks, as the promises' tests send it. */
import assert from 'node:assert/strict'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'

export const legacyTokenType = 'urn:tokenferry:params:oauth:token-type:legacy'
export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

export type App = { readonly id: string; readonly secret: string | undefined }

export type Ask = (path: string, form: Readonly<Record<string, string>>) => Promise<TestAnswer>

/** The sample app of the standard dialect, and the one without a secret. */
export function standardApp({
  sections,
}: Pick<TestDeployment, 'sections'>): App & { readonly legacyTokens: readonly string[] } {
  const { client_id, client_secret, legacy_tokens } =
    sections.standard ?? assert.fail('standard is not mounted')
  assert.ok(Array.isArray(legacy_tokens))
  return { id: String(client_id), secret: String(client_secret), legacyTokens: legacy_tokens.map(String) }
}

export const publicApp = ({ sections }: Pick<TestDeployment, 'sections'>): App => ({
  id: String(sections.standard?.public_client_id),
  secret: undefined,
})

/** Parameters by which the app says who it is. */
export const proof = ({ id, secret }: App): Record<string, string> =>
  secret === undefined ? { client_id: id } : { client_id: id, client_secret: secret }

export const asks =
  (here: TestDeployment): Ask =>
  (path, form) =>
    here.request('', { method: 'POST', path, body: form })

export const exchange = (
  ask: Ask,
  app: App,
  token: string,
  more: Record<string, string> = {},
): Promise<TestAnswer> =>
  ask('/oauth2/token', {
    grant_type: tokenExchange,
    subject_token: token,
    subject_token_type: legacyTokenType,
    ...proof(app),
    ...more,
  })

export const refresh = (
  ask: Ask,
  app: App,
  token: string,
  more: Record<string, string> = {},
): Promise<TestAnswer> =>
  ask('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token, ...proof(app), ...more })

export const introspect = (ask: Ask, app: App, token: string): Promise<TestAnswer> =>
  ask('/oauth2/introspect', { token, ...proof(app) })

export const revoke = (ask: Ask, app: App, token: string): Promise<TestAnswer> =>
  ask('/oauth2/revoke', { token, ...proof(app) })

export function refreshTokenOf(answer: TestAnswer): string {
  assert.equal(answer.status, 200, answer.text)
  assert.match(String(answer.json.refresh_token), /^tfr_/)
  return String(answer.json.refresh_token)
}

export function accessTokenOf(answer: TestAnswer): string {
  assert.equal(answer.status, 200, answer.text)
  return String(answer.json.access_token)
}

/** Every row of every table, as one text. */
export const wholeDump = (here: Dumped): Promise<string> => dumpOf(here, nothing)

/**
 * The same without what a server writes in the background of requests of before: counters and times of use,
 * the outbox, and leases. Two that are equal mean that nothing was changed.
 */
export const dump = (here: Dumped): Promise<string> => dumpOf(here, inBackground)

type Dumped = Pick<TestDeployment, 'deployment'>
type LeftOut = Readonly<Record<'tables' | 'columns' | 'keys', readonly string[]>>
const nothing: LeftOut = { tables: [], columns: [], keys: [] }
const inBackground: LeftOut = {
  tables: ['counters', 'deliveries', 'leases'],
  columns: ['replays', 'last_used'],
  keys: ['events_read'],
}

async function dumpOf({ deployment: { database } }: Dumped, leftOut: LeftOut): Promise<string> {
  const parts: string[] = []
  for (const name of await database.tables()) {
    if (leftOut.tables.includes(name)) continue
    for (const row of await database.query(`select * from ${name}`, [])) {
      if (name === 'meta' && leftOut.keys.includes(String(row.key))) continue
      const values = Object.entries(row)
        .filter(([column]) => !leftOut.columns.includes(column))
        .map(([column, value]) =>
          value instanceof Uint8Array
            ? `${column}=x${Buffer.from(value).toString('hex')}`
            : `${column}=${value}`,
        )
      parts.push(`${name} ${values.join(' ')}`)
    }
  }
  // Rows stand in no order of their own.
  return parts.sort().join('\n')
}

export async function countOf(here: Pick<TestDeployment, 'deployment'>, sql: string): Promise<number> {
  const [row] = await here.deployment.database.query(sql, [])
  return Number(Object.values(row ?? {})[0])
}
