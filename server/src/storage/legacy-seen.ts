/** What a guard asks of legacy tokens that a decision has seen. */
import type { LegacyTokensSeen, SeenLegacyToken } from '../kernel/end-writes.ts'
import type { Value } from './database.ts'
import { places } from './statement-parts.ts'

/** The row of a token is as it was; `$1` to `$5` are `seenValues`. */
export const asSeen = `lookup = $1 and client = $2 and status = $3 and exchange = $4
  and coalesce(grant_number, -1) = $5`

/** The values of `asSeen`. */
export const seenValues = (token: SeenLegacyToken): Value[] => [
  token.lookup,
  token.clientId,
  token.status,
  token.exchange,
  token.grantNumber ?? -1,
]

/** All rows under the look-ups and of the authorizations are these, each as it was. */
export function noneElse(from: number, seen: LegacyTokensSeen | undefined): string {
  if (!seen) return 'true'
  const { lookups, rows } = seen
  let place = from
  const take = (count: number): string => {
    place += count
    return places(count, place - count)
  }
  const there = [
    `lookup in (${take(lookups.length)})`,
    ...authorizationsOf(seen).map(() => `("authorization", dialect) = (${take(2)})`),
  ]
  const asTheyWere = rows.map(() => {
    const [lookup, client, status, exchange, grantNumber] = take(5).split(', ')
    return `(l.lookup = ${lookup} and l.client = ${client} and l.status = ${status} and l.exchange = ${exchange}
      and coalesce(l.grant_number, -1) = ${grantNumber})`
  })
  return `(select count(*) from legacy_tokens where ${there.join(' or ')}) = ${rows.length}
    and (select count(*) from legacy_tokens l where ${asTheyWere.join(' or ')}) = ${rows.length}`
}

/** The values of `noneElse`, in its order. */
export const noneElseValues = (seen: LegacyTokensSeen | undefined): Value[] =>
  seen ? [...seen.lookups, ...authorizationsOf(seen).flat(), ...seen.rows.flatMap(seenValues)] : []

/** The authorizations of the rows, each once. */
function authorizationsOf({ rows }: Pick<LegacyTokensSeen, 'rows'>): [string, string][] {
  const pairs = new Map<string, [string, string]>()
  for (const { authorization, dialect } of rows) {
    if (authorization !== undefined)
      pairs.set(JSON.stringify([authorization, dialect]), [authorization, dialect])
  }
  return [...pairs.values()]
}
