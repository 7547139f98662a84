import type { RefreshToken } from '../chain.ts'
import { hearRefreshToken, locatorHash } from '../chain.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import { reasonWithoutRow } from '../lost-row.ts'
import type { Milliseconds } from '../records.ts'
import type { RingVersion } from '../ring.ts'
import { currentVersion, equal, findVersion } from '../ring.ts'
import { firstBeyond, within } from '../scopes.ts'
import type { GrantFacts, Numbering } from '../store.ts'
import { isAsleep } from './confirmation.ts'
import { identityOf } from './identity.ts'
import type { Caller, Issued } from './issue.ts'
import {
  accessUntil,
  disabledSubject,
  isAlive,
  livesElsewhere,
  refreshUntil,
  sayPair,
  seconds,
} from './issue.ts'

export type RefreshInput = {
  readonly caller: Caller
  readonly refreshToken: string
  readonly scopes?: readonly string[] | undefined
  /** RFC 8707 §2.2: among those of the grant. */
  readonly resource?: readonly string[] | undefined
  /** Clover's `/recovery`: only the immediate predecessor is good, and its successor is said again. */
  readonly recovering?: boolean
}

type Facts =
  | { readonly heard: 'forged' }
  | { readonly heard: 'version_unknown' }
  | { readonly heard: 'version_destroyed' }
  | {
      readonly heard: 'genuine'
      readonly token: RefreshToken
      readonly found: GrantFacts | undefined
      readonly numbering: Numbering | undefined
    }

type Genuine = { readonly token: RefreshToken } & GrantFacts

/**
 * Trades a refresh token for a new pair (RFC 6749 §6). The successor is computed, so a lost answer is said
 * again: to whoever presents the predecessor, until the successor was used, 30 days at most to a client that
 * proved itself, 60 s to any other. After that the predecessor is *reuse*, and the grant ends (RFC 9700
 * §4.14.2).
 */
export const refreshTokenPair: Operation<RefreshInput, Facts, Issued> = {
  async look(store, { refreshToken }, ring) {
    const heard = hearRefreshToken(ring, refreshToken)
    if (heard.heard !== 'genuine') return heard
    const found = await store.findGrant(heard.token.number)
    // A token ahead of its row, or without one, tells of a copy of the database: rare, and worth a second
    // question.
    const odd = !found || isDisplaced(heard.token, found) || heard.token.generation > found.grant.generation
    const numbering = odd ? await store.findNumbering(heard.token.number) : undefined
    return { heard: 'genuine', token: heard.token, found, numbering }
  },

  decide(input, facts, moment) {
    if (facts.heard === 'forged') return refuse('refresh_token_unknown')
    if (facts.heard === 'version_unknown') return refuse('key_version_unknown')
    if (facts.heard === 'version_destroyed') return refuse('refresh_token_expired')
    const { token, found } = facts
    if (!found || isDisplaced(token, found)) {
      const { number } = token
      return refuse(reasonWithoutRow({ number, numbering: facts.numbering, displaced: found !== undefined }))
    }
    const { grant, connection } = found
    const { client } = input.caller

    if (grant.clientId !== client.id) return refuse('refresh_token_of_other_client')
    if (client.status === 'disabled') return refuse('client_disabled')
    if (!input.caller.policy.refreshAllowed) return refuse('grant_type_not_allowed')
    const elsewhere = livesElsewhere(input.caller, found)
    if (elsewhere) return refuse(elsewhere)
    const disabled = disabledSubject(found)
    if (disabled) return refuse(disabled)
    if (connection.status === 'revoked') return refuse('connection_revoked')
    if (!isAlive(grant, connection, client)) return refuse('grant_revoked')
    if (moment.ring.compromised.has(token.version) && !input.caller.proven) return refuse('key_compromised')

    const genuine = { token, ...found }
    if (token.generation > grant.generation) return heal(input, genuine, facts.numbering, moment)
    if (token.generation < grant.generation) return sayAgain(input, genuine, moment)
    if (input.recovering) return refuse('recovery_unavailable')
    return refusalOfAsk(input, genuine, moment) ?? rotate(input, genuine, moment)
  },
}

/** Another grant stands at the token's number, as only a copy of the database could give it away again. */
const isDisplaced = ({ locator }: RefreshToken, { grant }: GrantFacts): boolean =>
  !equal(locatorHash(locator), grant.locatorHash)

/** Expiry, then scope and resource; `undefined` where nothing is against it. */
function refusalOfAsk({ scopes, resource }: RefreshInput, { grant }: Genuine, { now }: Moment) {
  if (grant.refreshUntil !== undefined && grant.refreshUntil <= now) return refuse('refresh_token_expired')
  // RFC 6749 §6: an omitted scope means the scope granted; a wider one is refused.
  const beyond = scopes && firstBeyond(scopes, grant.scopes)
  if (beyond !== undefined) return refuse({ reason: 'scope_widened', parameter: beyond })
  if (resource && !within(resource, grant.resource)) return refuse('target_invalid')
  return undefined
}

/** The token is the current one: rotate it, or, where policy says so, say it again. */
function rotate(input: RefreshInput, genuine: Genuine, moment: Moment) {
  const { caller } = input
  const { policy } = caller
  const { grant, token } = genuine
  const { rotate: mode } = policy
  const version = findVersion(moment.ring, grant.keyVersion)
  if (!version) return refuse('key_version_unknown')

  if (mode === 'never') return keep(input, genuine, version, moment)
  const compromised = moment.ring.compromised.has(token.version)
  // Honest workers share a token and refresh before every call: without this they would end their own grant.
  const young = mode !== 'always' && moment.now < grant.rotatedAt + seconds(mode.atMostEverySeconds)
  if (young && grant.generation >= 1 && caller.proven && !compromised) {
    return granted(pairOf(input, genuine, version, grant.generation, grant.refreshUntil, moment))
  }
  return advance(input, genuine, token.generation + 1, moment)
}

/** `rotate: never`: the token stays; its first use, and once a day its idle clock, is noted. */
function keep(input: RefreshInput, genuine: Genuine, version: RingVersion, moment: Moment) {
  const { grant } = genuine
  const until = refreshUntil(input.caller.policy, moment.now)
  const answer = pairOf(input, genuine, version, grant.generation, until, moment)
  const noted = grant.usedAt !== undefined && moment.now < grant.rotatedAt + seconds(86_400)
  if (noted) return granted(answer)
  return granted(answer, rotation(input.caller, genuine, grant.generation, grant.keyVersion, moment))
}

/** The next generation, under the current key. */
function advance(input: RefreshInput, genuine: Genuine, generation: number, moment: Moment) {
  const version = currentVersion(moment.ring, moment.now)
  const until = refreshUntil(input.caller.policy, moment.now)
  return granted(
    pairOf(input, genuine, version, generation, until, moment),
    rotation(input.caller, genuine, generation, version.version, moment),
  )
}

/** The predecessor: its successor again, within its window; else reuse. */
function sayAgain(input: RefreshInput, genuine: Genuine, moment: Moment) {
  const { caller } = input
  const { policy } = caller
  const { grant, token } = genuine
  const previous = token.generation === grant.generation - 1
  const window = caller.proven ? policy.refreshRepeatSeconds : policy.refreshRepeatUnprovenSeconds
  if (previous && moment.now < grant.rotatedAt + seconds(window)) {
    const version = findVersion(moment.ring, grant.keyVersion)
    if (!version) return refuse('key_version_unknown')
    return (
      refusalOfAsk(input, genuine, moment) ??
      granted(pairOf(input, genuine, version, grant.generation, grant.refreshUntil, moment))
    )
  }
  if (policy.reuse === 'refuse' || input.recovering) {
    // Recovery takes a secret, so it is no way on for an app without one.
    const recoverable =
      previous &&
      caller.client.type === 'confidential' &&
      moment.now < grant.rotatedAt + seconds(policy.refreshRepeatSeconds)
    return refuse({ reason: input.recovering ? 'recovery_unavailable' : 'refresh_token_reused', recoverable })
  }
  // Two parties hold this token and we cannot tell which one is the thief, so both lose it.
  return refuse(
    'refresh_token_reused',
    { write: 'end_grant', number: grant.number, reason: 'refresh_token_reused', whileConnected: true },
    event('refresh_token_reused', moment.now, caller.actor, { ...grant, grantNumber: grant.number }),
  )
}

const healingJumpMax = 10_000

/**
 * Promise 12: a genuine token ahead of its row proves that the database went back. Once declared, the row
 * follows.
 */
function heal(input: RefreshInput, genuine: Genuine, numbering: Numbering | undefined, moment: Moment) {
  const { token, grant } = genuine
  const declared = numbering?.declared
  // A row that was written after the declaration is of this database's own time: behind it, there was another
  // restore.
  const healing = declared && moment.now < declared.healingUntil && grant.rotatedAt <= declared.at
  if (!healing || token.generation - grant.generation > healingJumpMax) return refuse('state_behind')
  const refused = refusalOfAsk(input, genuine, moment)
  if (refused) return refused
  const { answer, writes } = advance(input, genuine, token.generation + 1, moment)
  const healed = event('grant_healed', moment.now, input.caller.actor, {
    ...grant,
    grantNumber: grant.number,
    detail: `generation ${grant.generation} to ${token.generation + 1}`,
  })
  return { answer, writes: [...writes, healed] }
}

const rotation = (caller: Caller, { grant }: Genuine, to: number, keyVersion: number, { now }: Moment) =>
  ({
    write: 'rotate_refresh_token',
    number: grant.number,
    from: grant.generation,
    to,
    at: now,
    usedAt: grant.usedAt ?? now,
    keyVersion,
    refreshUntil: refreshUntil(caller.policy, now),
    accessUntil: accessUntil(caller.policy, now),
  }) as const

function pairOf(
  input: RefreshInput,
  genuine: Genuine,
  version: RingVersion,
  generation: number,
  refreshExpiresAt: Milliseconds | undefined,
  moment: Moment,
): Issued {
  const { caller } = input
  const { grant, token, connection } = genuine
  const access = input.resource ? { ...grant, resource: input.resource } : grant
  const pair = sayPair(
    {
      caller,
      grant: access,
      connection,
      locator: token.locator,
      version,
      generation,
      refreshExpiresAt,
      asked: input.scopes,
      subject: genuine,
      withAccess: true,
      withRefresh: true,
      repeated: generation === grant.generation,
    },
    moment,
  )
  // Until the user has woken it, the app learns no more of them than it knew.
  if (isAsleep(connection, caller.policy)) return pair
  // OpenID Connect Core 1.0 §12.2: without the nonce, which was of the sign-in.
  const about = { ...grant, scopes: pair.scopes }
  const asked = { caller, about, nonce: undefined, authenticatedAt: undefined }
  return { identity: identityOf(asked, moment), ...pair }
}
