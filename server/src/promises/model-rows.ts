/** The tables as lines of text, once as the database holds them and once as the model does. */
import type { Database, Row as Stored } from '../storage/database.ts'
import type { Grant, State } from './model.ts'
import type { Scene } from './model-scene.ts'

export type Rows = {
  readonly grants: readonly Stored[]
  readonly legacy: readonly Stored[]
  readonly connections: readonly Stored[]
  /** Rows of other tables: a refresh or a repeat adds none. */
  readonly others: number
}

export async function rowsIn(database: Database, { apps, users }: Scene): Promise<Rows> {
  const ids = apps.map(({ id }) => id)
  const isOurs = `client in (${ids.map((_, at) => `$${at + 1}`).join(', ')})`
  const [grants, legacy, connections, others] = await Promise.all([
    database.query(`select * from grants where ${isOurs}`, ids),
    database.query('select * from legacy_tokens where user_id in ($1, $2)', users),
    database.query(`select * from connections where ${isOurs}`, ids),
    database.query(
      `select (select count(*) from events where ${isOurs}) + (select count(*) from codes where ${isOurs})
        + (select count(*) from revoked_access_tokens) + (select count(*) from deliveries) as count`,
      ids,
    ),
  ])
  return { grants, legacy, connections, others: Number(others[0]?.count) }
}

const hex = (value: unknown): string => Buffer.from(value as Uint8Array).toString('hex')

export const linesIn = ({ grants, legacy, connections }: Rows, { names }: Scene): string[] =>
  [
    ...grants.map((row) =>
      grantLine({
        ...{ number: Number(row.number), locator: hex(row.locator_hash), app: String(row.client) },
        ...{ user: String(row.user_id), scopes: row.scopes, resource: row.resource, epoch: row.epoch },
        ...{ created: row.created, status: row.status, generation: row.generation, rotated: row.rotated_at },
        ...{ used: row.used_at, refreshUntil: row.refresh_until, accessUntil: row.access_until },
      }),
    ),
    ...legacy.map((row) =>
      line('token', [
        ...[names.get(hex(row.lookup)), row.client, row.bound_to, row.status, row.exchange],
        ...[row.grant_number, row.connection_epoch],
      ]),
    ),
    ...connections.map((row) =>
      line('connection', [row.client, row.user_id, row.status, row.epoch, String(row.live_grants)]),
    ),
  ].sort()

export const linesOf = ({ grants, rows, connections }: State): string[] =>
  [
    ...grants.map((grant) => grantLine({ ...grant, scopes: grant.scopes.join(' ') })),
    ...rows.map(({ token, app, bound, status, exchange, grant, epoch }) =>
      line('token', [token.name, app, bound, status, exchange, grant, epoch]),
    ),
    ...connections.map(({ app, user, status, epoch, live }) =>
      line('connection', [app, user, status, epoch, live.length === 0 ? ',' : `,${live.join(',')},`]),
    ),
  ].sort()

const grantLine = (grant: { readonly [Field in keyof Grant]: unknown }): string => {
  const { number, locator, app, user, scopes, resource, epoch } = grant
  const { created, status, generation, rotated, used, refreshUntil, accessUntil } = grant
  const times = [created, rotated, used, refreshUntil, accessUntil]
  return line('grant', [
    number,
    locator,
    app,
    user,
    `[${scopes}]`,
    resource,
    epoch,
    status,
    generation,
    ...times,
  ])
}

const line = (kind: string, values: readonly unknown[]): string =>
  `${kind} ${values.map((value) => (value === null || value === undefined || value === '' ? '-' : value)).join(' ')}`

/**
 * The model's new grants are given the numbers that the database gave them: by the legacy token that became
 * it, else, where that token has gone on meanwhile, by what they are.
 */
export function numbered(
  state: State,
  { grants, legacy }: Rows,
  { names }: Scene,
): ReadonlyMap<number, number> {
  const given = new Map<number, number>()
  for (const grant of state.grants.filter(({ number }) => number < 0)) {
    const row = state.rows.find((one) => one.grant === grant.number)
    const stored = legacy.find(
      ({ lookup, client }) => row && names.get(hex(lookup)) === row.token.name && client === row.app,
    )
    const taken = new Set(state.grants.map(({ number }) => number))
    const found =
      grants.find(({ number }) => stored && Number(number) === Number(stored.grant_number)) ??
      grants.find(
        ({ number, client, user_id, epoch, generation, status }) =>
          !taken.has(Number(number)) &&
          [client, user_id].join() === [grant.app, grant.user].join() &&
          [epoch, generation, status].join() === [grant.epoch, grant.generation, grant.status].join(),
      )
    if (!found) continue
    for (const one of state.rows) if (one.grant === grant.number) one.grant = Number(found.number)
    for (const { live } of state.connections) {
      const at = live.indexOf(grant.number)
      if (at >= 0) live[at] = Number(found.number)
    }
    given.set(grant.number, Number(found.number))
    grant.number = Number(found.number)
    grant.locator = hex(found.locator_hash)
  }
  return given
}
