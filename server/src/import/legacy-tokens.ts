/**
 * Rows of legacy tokens: checked, and turned into what the store keeps, which is their look-up and never the
 * token. No reason says a value of the row, because where columns are shifted, any of them may be the token;
 * but for a client that cannot be one.
 */
import { createHash } from 'node:crypto'
import { findDialect } from '../dialects/index.ts'
import type { Mount } from '../http/answer.ts'
import type { Policy } from '../kernel/policy.ts'
import { policyOf } from '../kernel/policy.ts'
import type { Client, Milliseconds } from '../kernel/records.ts'
import type { LookupKind, Ring } from '../kernel/ring.ts'
import { currentVersion } from '../kernel/ring.ts'
import { hearScopes, renamed } from '../kernel/scopes.ts'
import type { ImportedLegacyToken } from '../kernel/store.ts'
import type { Values } from './columns.ts'
import { ImportError } from './columns.ts'
import { lookupMaker } from './lookups.ts'
import { hearMoment, isShort, isWeak } from './values.ts'
import type { Warnings } from './warnings.ts'
import { noWarnings, warn } from './warnings.ts'

export type Refused = { readonly refused: string }

export type LegacyTokenOptions = {
  readonly ring: Ring
  readonly now: Milliseconds
  readonly clients: readonly Client[]
  readonly mounts: readonly Mount[]
  /** For rows that say none themselves. */
  readonly dialect: string | undefined
  readonly client: string | undefined
  readonly digestKind: string | undefined
}

export type LegacyTokenChecker = {
  /** `line`: where the row stands, for warnings. */
  check(values: Values, line: number): ImportedLegacyToken | Refused
  /** Kinds of digest that were met and are not yet noted in the store; emptied by this. */
  takeNewKinds(): readonly LookupKind[]
  readonly warnings: Warnings
}

const cacheMax = 1000
const tokenKinds: readonly string[] = ['user', 'wsadmin']

/** Checks rows for one deployment, as it is at the start of the import. */
export function legacyTokenChecker(options: LegacyTokenOptions): LegacyTokenChecker {
  const { now } = options
  const policies = new Map(
    options.mounts.map(({ dialect, policy }) => [dialect.name, { ...dialect.policy, ...policy }]),
  )
  const version = currentVersion(options.ring, now)
  const clients = clientsById(options.clients)
  const lookups = lookupMaker(options.ring, version)
  const scopes = cached((text: string) => hearScopes(text))
  const beyondOf = cached((id: string) => {
    const client = clients.get(id)
    return cached(
      (text: string) => client && scopeBeyond(client, scopes(text) ?? [], policies.get(client.dialect) ?? {}),
    )
  })
  const crowds = crowdCounter()
  const grantsMax = cached((id: string) => {
    const client = clients.get(id)
    return client && policyOf(policies.get(client.dialect) ?? {}, client).grantsPerConnectionMax
  })
  const warnings = noWarnings()
  const fallback = checkedDefaults(options, clients)

  function check(values: Values, line: number): ImportedLegacyToken | Refused {
    const owner = ownerOf(values, clients, fallback)
    if ('refused' in owner) return owner
    const found = lookups.of(values, options.digestKind)
    if ('refused' in found) return found
    const weak = values.token !== undefined && isWeak(values.token)
    if (weak && !owner.client)
      return { refused: 'the token is weak (under about 80 bits) and names no client' }
    const wrong = wrongIn(values)
    if (wrong !== undefined) return { refused: wrong }
    const times = timesOf(values)
    if ('refused' in times) return times
    const heard = values.scopes === undefined ? undefined : scopes(values.scopes)
    if (values.scopes !== undefined && !heard) return { refused: 'scopes: a name has an illegal character' }

    if (weak) warn(warnings, 'weak', line)
    if (times.expires !== undefined && times.expires <= now) warn(warnings, 'expired', line)
    if (!heard) warn(warnings, 'withoutScopes', line)
    else if (owner.client) noteBeyond(owner.client.id, beyondOf(owner.client.id)(values.scopes ?? ''), line)
    const named = values.user !== undefined || values.organization !== undefined
    if (!named) warn(warnings, 'withoutSubject', line)
    else if (owner.client) noteCrowd(owner.client.id, values)
    return {
      lookup: found.lookup,
      alsoAs: found.alsoAs,
      lookupVersion: version.version,
      clientId: owner.client?.id ?? '',
      dialect: owner.dialect,
      authorization: values.authorization,
      userId: named ? (values.user ?? '') : ownSubject(values.authorization ?? found.lookup),
      organizationId: values.organization ?? '',
      kind: values.kind ?? 'user',
      scopes: heard,
      // One by one: V8 adds what is spread by its slow way.
      created: times.created,
      expires: times.expires,
      lastUsed: times.lastUsed,
    }
  }

  function noteBeyond(client: string, scope: string | undefined, line: number): void {
    if (scope === undefined) return
    warn(warnings, 'beyond', line)
    if (warnings.beyondNames.size < 5) warnings.beyondNames.add(`${scope} (${client})`)
  }

  function noteCrowd(client: string, { user, organization }: Values): void {
    const max = grantsMax(client)
    if (max === undefined || warnings.crowded.has(client)) return
    if (crowds.add(client, user, organization) > max) warnings.crowded.set(client, max)
  }

  return { check, takeNewKinds: lookups.takeNewKinds, warnings }
}

const ownSubjectPrefix = 'legacy:'

/**
 * Tokens of nobody would all be one user's, whose connection holds so many grants and no more, and is revoked
 * as a whole. So each gets a user of its own; those of one authorization share theirs.
 */
const ownSubject = (of: string | Buffer): string =>
  ownSubjectPrefix + createHash('sha256').update(of).digest('hex').slice(0, 16)

/** Whether the user was made for the token. */
export const isOwnSubject = (userId: string): boolean => userId.startsWith(ownSubjectPrefix)

const crowdsMax = 20_000

/**
 * Counts how often each comes; of what comes seldom it forgets, so that a file of any length costs no more.
 * It keeps numbers that stand for texts, which cost a tenth; two that share one, among so few, do no harm.
 */
function crowdCounter(): { add(...texts: readonly (string | undefined)[]): number } {
  const counts = new Map<number, number>()
  return {
    add(...texts) {
      const key = numberOf(texts)
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (counts.size > crowdsMax) {
        for (const [one, times] of counts) if (times === 1) counts.delete(one)
        if (counts.size > crowdsMax / 2) counts.clear()
      }
      return count
    },
  }
}

/** FNV-1a, over characters, with an end behind each text. */
function numberOf(texts: readonly (string | undefined)[]): number {
  let sum = 0x811c9dc5
  for (const text of texts) {
    const { length } = text ?? ''
    for (let at = 0; at < length; at += 1) {
      sum = Math.imul(sum ^ (text?.charCodeAt(at) ?? 0), 0x01000193)
    }
    sum = Math.imul(sum ^ 0xffff, 0x01000193)
  }
  return sum
}

/** By id, and by the identifiers of the old world, which win as they do at every request. */
function clientsById(clients: readonly Client[]): ReadonlyMap<string, Client> {
  const byId = new Map(clients.map((client) => [client.id, client]))
  for (const client of clients) for (const identifier of client.identifiers) byId.set(identifier, client)
  return byId
}

type Owner = { readonly client: Client | undefined; readonly dialect: string }
type Defaults = { readonly client: Client | undefined; readonly dialect: string | undefined }

function checkedDefaults(
  { client, dialect }: LegacyTokenOptions,
  clients: ReadonlyMap<string, Client>,
): Defaults {
  const found = client === undefined ? undefined : clients.get(client)
  if (client !== undefined && !found) throw new ImportError(`--client ${client}: there is no such client.`)
  if (dialect !== undefined && !findDialect(dialect))
    throw new ImportError(`--dialect ${dialect}: there is no such dialect.`)
  return { client: found, dialect }
}

function ownerOf(values: Values, clients: ReadonlyMap<string, Client>, fallback: Defaults): Owner | Refused {
  const client = values.client === undefined ? fallback.client : clients.get(values.client)
  if (values.client !== undefined && !client) return { refused: noSuchClient(values.client, values) }
  const dialect = values.dialect ?? client?.dialect ?? fallback.dialect
  if (dialect === undefined) return { refused: 'dialect is missing, and there is no client that has one' }
  if (!findDialect(dialect)) return { refused: 'dialect: there is no such dialect' }
  if (client && client.dialect !== dialect) return { refused: 'client: it speaks another dialect' }
  return { client, dialect }
}

const clientShownMax = 40

/**
 * Names the client where it is too weak to be a token and the row's credential is where it belongs: so
 * neither shifted columns nor a wrong `--map` bring a token into the list of what was refused.
 */
function noSuchClient(client: string, { token, digest }: Values): string {
  if (isWeak(token ?? digest ?? '') || !isWeak(client)) return 'client: there is no such client'
  const shown = client.replaceAll(/\p{C}/gu, '').slice(0, clientShownMax)
  return `there is no such client: ${shown}`
}

const short = ['user', 'organization', 'authorization'] as const

function wrongIn(values: Values): string | undefined {
  const long = short.find((column) => values[column] !== undefined && !isShort(values[column]))
  if (long !== undefined) return `${long}: longer than 255 characters, or a control character in it`
  if (values.kind !== undefined && !tokenKinds.includes(values.kind))
    return `kind is none of ${tokenKinds.join(', ')}`
  // A token that the old world has ended must not come to life by being moved.
  if (values.status !== undefined && values.status !== 'active')
    return 'status is not active; only active tokens come in'
  return undefined
}

type Times = Pick<ImportedLegacyToken, 'created' | 'expires' | 'lastUsed'>

function timesOf({ created, expires, last_used }: Values): Times | Refused {
  const times: Times = {
    created: created === undefined ? undefined : hearMoment(created),
    expires: expires === undefined ? undefined : hearMoment(expires),
    lastUsed: last_used === undefined ? undefined : hearMoment(last_used),
  }
  if (created !== undefined && times.created === undefined) return bad('created')
  if (expires !== undefined && times.expires === undefined) return bad('expires')
  if (last_used !== undefined && times.lastUsed === undefined) return bad('last_used')
  if (times.created !== undefined && times.expires !== undefined && times.expires < times.created)
    return { refused: 'expires lies before created' }
  return times
}

const bad = (column: string): Refused => ({
  refused: `${column}: neither a date of ISO 8601 nor epoch milliseconds`,
})

/** The first recorded scope that the client may not have, in its new name. */
function scopeBeyond(client: Client, scopes: readonly string[], policy: Partial<Policy>): string | undefined {
  const { scopeMap } = policyOf(policy, client)
  return scopes.map((scope) => renamed(scope, scopeMap)).find((scope) => !client.scopes.includes(scope))
}

/** Millions of rows have few lists of scopes. Bounded, for a file where they are all different. */
function cached<Value>(make: (text: string) => Value): (text: string) => Value {
  const made = new Map<string, Value>()
  return (text) => {
    const found = made.get(text)
    if (found !== undefined || made.has(text)) return found as Value
    // A part of a string keeps the whole piece of the file alive, so the key is a copy.
    const key = Buffer.from(text).toString()
    const value = make(key)
    if (made.size >= cacheMax) made.clear()
    made.set(key, value)
    return value
  }
}
