/**
 * What the server may answer, and what it then holds: its rules once more, one request after the other,
 * without a database, a credential or a race. `model-play.ts` asks the real server the same, and compares.
 */
import type { Policy } from '../kernel/policy.ts'

export type App = {
  readonly id: string
  readonly dialect: 'standard' | 'pipedrive'
  readonly proven: boolean
  readonly scopes: readonly string[]
  readonly policy: Policy
}

export type Token = {
  readonly name: string
  readonly dialect: App['dialect']
  readonly user: string
  readonly authorization: string | undefined
  readonly scopes: readonly string[] | undefined
  readonly expires: number | undefined
}

/** A legacy token as one app, or none, holds it. */
export type Row = {
  readonly token: Token
  readonly app: string
  bound: string
  status: 'active' | 'exchanged' | 'revoked'
  exchange: number
  grant: number | undefined
  epoch: number
}

export type Connection = {
  readonly app: string
  readonly user: string
  status: 'live' | 'revoked'
  epoch: number
  live: number[]
}

export type Grant = {
  /** Below zero until the database has said it: the model deals out no numbers. */
  number: number
  locator: string
  readonly app: string
  readonly user: string
  readonly scopes: readonly string[]
  readonly resource: string
  readonly epoch: number
  readonly created: number
  status: 'live' | 'revoked'
  generation: number
  rotated: number
  used: number | undefined
  refreshUntil: number
  accessUntil: number
}

export type State = {
  rows: Row[]
  connections: Connection[]
  grants: Grant[]
  /** Apps and users. */
  disabled: string[]
  /** Access tokens that were given up. */
  revoked: Access[]
  /** Numbers of grants that have gone because nothing of them could live. */
  swept: number[]
  declared: { at: number; until: number; lostBelow: number } | undefined
}

/** A refresh token that was said, as far as it names its grant. */
export type Said = { readonly number: number; readonly locator: string; readonly generation: number }
export type Access = {
  readonly id: string
  readonly number: number
  readonly app: string
  readonly user: string
  readonly issued: number
  readonly expires: number
}

export type Asked =
  | {
      readonly ask: 'exchange'
      readonly app: App
      readonly token: Token
      readonly scopes?: readonly string[] | undefined
      readonly resource: string
    }
  | {
      readonly ask: 'refresh'
      readonly app: App
      readonly said: Said
      readonly scopes?: readonly string[] | undefined
    }
  | { readonly ask: 'give_up'; readonly app: App; readonly said: Said }
  | { readonly ask: 'give_up_access'; readonly app: App; readonly access: Access }
  | { readonly ask: 'give_up_legacy'; readonly app: App; readonly token: Token }
  | { readonly ask: 'introspect'; readonly app: App; readonly said: Said }
  | { readonly ask: 'introspect_access'; readonly app: App; readonly access: Access }
  | { readonly ask: 'end_grant'; readonly number: number }
  | { readonly ask: 'end_connection'; readonly app: App; readonly user: string }
  | { readonly ask: 'allow_again'; readonly app: App; readonly user: string }
  | {
      readonly ask: 'reset'
      readonly token: Token
      readonly app: App | undefined
      /** Looked before a connection was revoked that was asked to end at the same time. */
      readonly early?: true
    }
  | { readonly ask: 'end_legacy'; readonly token: Token; readonly app: App | undefined }
  | { readonly ask: 'switch'; readonly who: string; readonly on: boolean }

export type Answer =
  | {
      readonly number: number
      readonly generation: number
      readonly scopes: readonly string[]
    }
  | { readonly refused: string }
  | { readonly active: boolean }
  | 'done'

type Of<Name extends Asked['ask']> = Extract<Asked, { ask: Name }>

const no = (refused: string): Answer => ({ refused })
const seconds = (count: number): number => count * 1000
const within = (some: readonly string[] | undefined, all: readonly string[]): boolean =>
  (some ?? []).every((one) => all.includes(one))

/** Answers, and changes the state: a refusal changes nothing, but that reuse ends its grant. */
export function answerOf(state: State, asked: Asked, now: number): Answer {
  switch (asked.ask) {
    case 'exchange':
      return exchange(state, asked, now)
    case 'refresh':
      return refresh(state, asked, now)
    case 'give_up':
      return giveUp(state, asked)
    case 'give_up_access':
      return giveUpAccess(state, asked, now)
    case 'give_up_legacy':
      return giveUpLegacy(state, asked)
    case 'introspect':
      return introspect(state, asked, now)
    case 'introspect_access':
      return introspectAccess(state, asked, now)
    case 'end_grant': {
      const grant = state.grants.find(({ number }) => number === asked.number)
      if (!grant) return no('record_unknown')
      return grant.status === 'live' ? end(state, grant) : no('nothing_to_change')
    }
    case 'end_connection': {
      const connection = connectionOf(state, asked.app.id, asked.user)
      if (!connection) return no('record_unknown')
      return connection.status === 'live' ? disconnect(connection) : no('nothing_to_change')
    }
    case 'allow_again': {
      const connection = connectionOf(state, asked.app.id, asked.user)
      if (!connection) return no('record_unknown')
      connection.status = 'live'
      return 'done'
    }
    case 'reset':
      return reset(state, asked)
    case 'end_legacy':
      return endLegacy(state, asked)
    case 'switch': {
      if (state.disabled.includes(asked.who) !== asked.on) return no('nothing_to_change')
      state.disabled = state.disabled.filter((who) => who !== asked.who)
      if (!asked.on) state.disabled.push(asked.who)
      return 'done'
    }
  }
}

function exchange(state: State, { app, token, scopes, resource }: Of<'exchange'>, now: number): Answer {
  if (state.disabled.includes(app.id)) return no('client_disabled')
  const rows = state.rows.filter((row) => row.token.name === token.name)
  const shared = rows.find((row) => row.app === '')
  const row = rows.find((one) => one.app === app.id) ?? shared ?? rows[0]
  if (!row) return no('legacy_token_unknown')
  if (row.app !== '' && row.app !== app.id) return no('legacy_token_of_other_client')
  if (token.dialect !== app.dialect) return no('legacy_token_of_other_dialect')
  if (state.disabled.includes(token.user)) return no('user_disabled')
  const others = aliasesOf(state, row, row.app || row.bound || app.id).map(({ status }) => status)
  const ends = [row.status, shared?.status, ...others]
  if (ends.includes('revoked')) return no('legacy_token_revoked')
  const connection = connectionOf(state, app.id, token.user)
  if (connection?.status === 'revoked') return no('connection_revoked')
  // Allowed again since: that consent is not the one that the legacy token stands for.
  if (connection && connection.epoch > row.epoch) return no('legacy_token_revoked')
  if (row.status === 'exchanged' || others.includes('exchanged')) {
    return exchangeAgain(state, row, { app, scopes, resource }, now)
  }
  if (token.expires !== undefined && token.expires <= now) return no('legacy_token_expired')
  const mine = token.scopes?.filter((scope) => app.scopes.includes(scope)) ?? app.scopes
  if (!within(scopes, mine)) return no('scope_widened')
  const grant = begin(state, app, row, { scopes: mine, resource, now })
  return { number: grant.number, generation: 0, scopes: scopes ?? mine }
}

/** The same pair, until it was used or its window has closed. */
function exchangeAgain(
  state: State,
  row: Row,
  { app, scopes, resource }: Pick<Of<'exchange'>, 'app' | 'scopes' | 'resource'>,
  now: number,
): Answer {
  const { policy, proven } = app
  const isMine = (row.app || row.bound) === app.id && row.status === 'exchanged'
  const grant = isMine ? state.grants.find(({ number }) => number === row.grant) : undefined
  if (grant?.status !== 'live') return no('legacy_token_exchanged')
  if (grant.resource !== resource) return no('exchange_differs')
  const window = proven ? policy.exchangeRepeatSeconds : policy.exchangeRepeatUnprovenSeconds
  const used = grant.generation > 0 || (policy.rotate === 'never' && grant.used !== undefined)
  if (!isAlive(state, grant) || used || now >= grant.created + seconds(window))
    return no('legacy_token_exchanged')
  if (!within(scopes, grant.scopes)) return no('scope_widened')
  return { number: grant.number, generation: 0, scopes: scopes ?? grant.scopes }
}

/** One grant, one connection, and no row of the authorization is left active for this app. */
function begin(
  state: State,
  app: App,
  row: Row,
  { scopes, resource, now }: { scopes: readonly string[]; resource: string; now: number },
): Grant {
  const { user, name } = row.token
  const found = connectionOf(state, app.id, user)
  const connection = found ?? { app: app.id, user, status: 'live', epoch: 1, live: [] }
  if (!found) state.connections.push(connection)
  const number = Math.min(0, ...state.grants.map((grant) => grant.number)) - 1
  const grant: Grant = {
    ...{ number, locator: '', app: app.id, user, scopes, resource, epoch: connection.epoch },
    ...{ created: now, status: 'live', generation: 0, rotated: now, used: undefined },
    ...lives(app, now),
  }
  state.grants.push(grant)
  connection.live.push(number)
  if (connection.live.length > app.policy.grantsPerConnectionMax) {
    const oldest = connection.live.shift()
    for (const one of state.grants) if (one.number === oldest) one.status = 'revoked'
  }
  const isEachs = app.policy.cardinality === 'each_client'
  for (const alias of aliasesOf(state, row, app.id)) {
    if (alias.status !== 'active' || (alias.app === '' && isEachs)) continue
    Object.assign(alias, { status: 'exchanged', bound: app.id, grant: undefined })
  }
  const mine = { status: 'exchanged', bound: app.id, grant: number } as const
  const stays = isEachs && row.app === ''
  if (stays) state.rows.push({ ...row, app: app.id, ...mine })
  else Object.assign(row, mine)
  if (stays && state.rows.filter((one) => one.token.name === name && one.app === app.id).length > 1)
    throw new Error('The model itself exchanged a token twice.')
  return grant
}

function refresh(state: State, { app, said, scopes }: Of<'refresh'>, now: number): Answer {
  const grant = grantOf(state, said)
  if (!grant) return no(reasonWithoutRow(state, said.number))
  if (grant.app !== app.id) return no('refresh_token_of_other_client')
  if (state.disabled.includes(app.id)) return no('client_disabled')
  if (state.disabled.includes(grant.user)) return no('user_disabled')
  if (connectionOf(state, grant.app, grant.user)?.status === 'revoked') return no('connection_revoked')
  if (!isAlive(state, grant)) return no('grant_revoked')
  const { policy, proven } = app
  const { rotate } = policy
  const { generation, rotated } = grant
  const pair = (): Answer => ({
    number: grant.number,
    generation: grant.generation,
    scopes: scopes ?? grant.scopes,
  })
  const late = grant.refreshUntil <= now ? 'refresh_token_expired' : undefined
  const refused = late ?? (within(scopes, grant.scopes) ? undefined : 'scope_widened')
  const advance = (to: number): Answer => {
    Object.assign(grant, { generation: to, rotated: now, used: grant.used ?? now, ...lives(app, now) })
    return pair()
  }
  if (said.generation > generation) {
    const { declared } = state
    const heals = declared && now < declared.until && rotated <= declared.at
    if (!heals || said.generation - generation > 10_000) return no('state_behind')
    return refused ? no(refused) : advance(said.generation + 1)
  }
  if (said.generation < generation) {
    const window = proven ? policy.refreshRepeatSeconds : policy.refreshRepeatUnprovenSeconds
    if (said.generation === generation - 1 && now < rotated + seconds(window))
      return refused ? no(refused) : pair()
    if (policy.reuse === 'end') end(state, grant)
    return no('refresh_token_reused')
  }
  if (refused) return no(refused)
  if (rotate === 'never') {
    const noted = grant.used !== undefined && now < rotated + seconds(86_400)
    return noted ? pair() : advance(generation)
  }
  const young = rotate !== 'always' && now < rotated + seconds(rotate.atMostEverySeconds)
  return young && generation >= 1 && proven ? pair() : advance(generation + 1)
}

/** RFC 7009: a token that is not alive is as good as revoked. */
function giveUp(state: State, { app, said }: Of<'give_up'>): Answer {
  const grant = grantOf(state, said)
  if (!grant) return isBehind(state, said.number) ? no('state_behind') : 'done'
  if (grant.app !== app.id) return no('refresh_token_of_other_client')
  const connection = connectionOf(state, grant.app, grant.user)
  if (!connection || !isAlive(state, grant)) return 'done'
  return app.dialect === 'pipedrive' ? disconnect(connection) : end(state, grant)
}

function giveUpAccess(state: State, { app, access }: Of<'give_up_access'>, now: number): Answer {
  const grant = grantOfAccess(state, access)
  if ((grant?.app ?? access.app) !== app.id) return no('refresh_token_of_other_client')
  if (!isRevoked(state, access) && access.expires > now) state.revoked.push(access)
  return 'done'
}

function giveUpLegacy(state: State, { app, token }: Of<'give_up_legacy'>): Answer {
  const rows = state.rows.filter((row) => row.token.name === token.name)
  const shared = rows.find((one) => one.app === '')
  const row = rows.find((one) => one.app === app.id) ?? shared ?? rows[0]
  if (!row) return 'done'
  if (row.app !== app.id && row.bound !== app.id) {
    const isEverybodys = row.app === '' && row.bound === '' && token.dialect === app.dialect
    return app.proven && isEverybodys ? no('revocation_unsupported') : 'done'
  }
  row.status = 'revoked'
  return 'done'
}

function introspect(state: State, { app, said }: Of<'introspect'>, now: number): Answer {
  if (state.disabled.includes(app.id)) return no('client_disabled')
  if (!app.proven) return no('client_secret_missing')
  const grant = grantOf(state, said)
  if (!grant) return isBehind(state, said.number) ? no('state_behind') : { active: false }
  const isGood = isAlive(state, grant) && !state.disabled.includes(grant.user) && grant.refreshUntil > now
  return { active: isGood && grant.app === app.id && said.generation === grant.generation }
}

function introspectAccess(state: State, { app, access }: Of<'introspect_access'>, now: number): Answer {
  if (state.disabled.includes(app.id)) return no('client_disabled')
  if (!app.proven) return no('client_secret_missing')
  const grant = grantOfAccess(state, access)
  if (!grant && access.expires > now && isBehind(state, access.number)) return no('state_behind')
  const isGood = grant && isAlive(state, grant) && !state.disabled.includes(grant.user)
  const isOver = access.expires <= now || isRevoked(state, access)
  return { active: isGood === true && grant.app === app.id && !isOver }
}

function reset(state: State, { token, app, early }: Of<'reset'>): Answer {
  const named = namedRow(state, token, app)
  if (typeof named === 'string') return no(named)
  const isSameOwner = (row: Row): boolean => row.app === named.app || ownerOf(row) === ownerOf(named)
  const others = state.rows.filter((row) => row !== named && isSame(row, named) && isSameOwner(row))
  const epochOf = (row: Row): number => connectionOf(state, ownerOf(row), row.token.user)?.epoch ?? 0
  const changed = [named, ...others].filter((row) => row.status !== 'active' || epochOf(row) > row.epoch)
  if (changed.length === 0) return no('nothing_to_change')
  for (const row of changed) {
    for (const grant of state.grants) if (grant.number === row.grant) end(state, grant)
    const epoch = Math.max(row.epoch, early ? 0 : epochOf(row))
    Object.assign(row, { status: 'active', bound: '', grant: undefined, exchange: row.exchange + 1, epoch })
  }
  return 'done'
}

function endLegacy(state: State, { token, app }: Of<'end_legacy'>): Answer {
  const own = state.rows.filter((row) => row.token.name === token.name && isOf(row, app))
  if (own.length === 0) return no('record_unknown')
  const standsFor = (named: Row, row: Row): boolean =>
    isSame(named, row) && (ownerOf(named) === '' || named.app === row.app || ownerOf(named) === ownerOf(row))
  const meant = state.rows.filter((row) => own.includes(row) || own.some((named) => standsFor(named, row)))
  const grants = state.grants.filter(
    ({ number, status }) => status === 'live' && meant.some((row) => row.grant === number),
  )
  if (grants.length === 0 && meant.every(({ status }) => status === 'revoked')) return no('nothing_to_change')
  for (const grant of grants) end(state, grant)
  for (const row of meant) row.status = 'revoked'
  return 'done'
}

const ownerOf = (row: Row): string => row.app || row.bound
const isOf = (row: Row, app: App | undefined): boolean => app === undefined || ownerOf(row) === app.id
const isSame = ({ token }: Row, other: Row): boolean =>
  token.authorization !== undefined && token.authorization === other.token.authorization

function namedRow(state: State, token: Token, app: App | undefined): Row | string {
  const [named, second] = state.rows.filter((row) => row.token.name === token.name && isOf(row, app))
  return second ? 'record_exists' : (named ?? 'record_unknown')
}

/** Other tokens of the authorization, as far as they are this app's or nobody's. */
const aliasesOf = (state: State, row: Row, app: string): Row[] =>
  state.rows.filter(
    (other) =>
      isSame(row, other) &&
      other.token.name !== row.token.name &&
      [app, ''].includes(other.app) &&
      (other.app !== '' || row.app === '' || [app, ''].includes(other.bound)),
  )

const connectionOf = (state: State, app: string, user: string): Connection | undefined =>
  state.connections.find((one) => one.app === app && one.user === user)

/** A copy of the database may have given the number to another grant. */
const grantOf = (state: State, said: Said): Grant | undefined =>
  state.grants.find(({ number, locator }) => number === said.number && locator === said.locator)

const grantOfAccess = (state: State, access: Access): Grant | undefined =>
  state.grants.find(
    ({ number, app, user, created }) =>
      number === access.number &&
      app === access.app &&
      user === access.user &&
      access.issued + 1000 > created,
  )

const isRevoked = (state: State, { id }: Access): boolean => state.revoked.some((one) => one.id === id)

function isAlive(state: State, { status, app, user, epoch }: Grant): boolean {
  const connection = connectionOf(state, app, user)
  return status === 'live' && connection?.status === 'live' && connection.epoch === epoch
}

/** What can never be of use goes; of which of it, a server may take its time. */
export function sweep(state: State, left: ReadonlySet<number>, now: number): void {
  const gone = state.grants.filter(({ number }) => !left.has(number))
  for (const grant of gone) {
    const isUseless = grant.refreshUntil < now || !isAlive(state, grant)
    if (!(grant.accessUntil < now && isUseless)) throw new Error(`Grant ${grant.number} was swept alive.`)
    end(state, grant)
    state.swept.push(grant.number)
  }
  state.grants = state.grants.filter((grant) => !gone.includes(grant))
  state.revoked = state.revoked.filter(({ expires }) => expires >= now)
}

const lives = ({ policy }: App, now: number) => ({
  refreshUntil: now + seconds(policy.refreshSeconds ?? Number.POSITIVE_INFINITY),
  accessUntil:
    now + seconds(policy.accessSeconds + Math.max(policy.exchangeRepeatSeconds, policy.refreshRepeatSeconds)),
})

function end(state: State, grant: Grant): 'done' {
  if (grant.status !== 'live') return 'done'
  grant.status = 'revoked'
  for (const { app, user, live } of state.connections) {
    if (app !== grant.app || user !== grant.user) continue
    if (live.includes(grant.number)) live.splice(live.indexOf(grant.number), 1)
  }
  return 'done'
}

function disconnect(connection: Connection): 'done' {
  Object.assign(connection, { status: 'revoked', epoch: connection.epoch + 1, live: [] })
  return 'done'
}

/** Swept, or lost with a copy of the database. */
function reasonWithoutRow(state: State, number: number): string {
  const isThere = state.grants.some((grant) => grant.number === number)
  if (!isThere && state.swept.includes(number)) return 'refresh_token_expired'
  return state.declared && number < state.declared.lostBelow ? 'grant_lost' : 'state_behind'
}

const isBehind = (state: State, number: number): boolean => reasonWithoutRow(state, number) === 'state_behind'
