import { locatorHash } from '../chain.ts'
import type { ConnectionExpected, Decision, Write } from '../decision.ts'
import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Grant } from '../records.ts'
import type { Reason } from '../refusals.ts'
import type { RequestTokenFacts } from '../request-token.ts'
import { hashOfRequestToken, requestLocator, requestTokenUsesMax } from '../request-token.ts'
import type { RingVersion } from '../ring.ts'
import { currentVersion, equal, findVersion } from '../ring.ts'
import { firstBeyond } from '../scopes.ts'
import type { DirectInput } from './direct-grant.ts'
import { beginDirectGrant, countProxies, refusalOfClient, refusalOfSubject } from './direct-grant.ts'
import { identityOf } from './identity.ts'
import type { Issued } from './issue.ts'
import { expected, isAlive, sayPair } from './issue.ts'

export type RedeemRequestTokenInput = DirectInput & {
  /** The id of the user or company that the token is said to be of. */
  readonly subjectId: string
  readonly requestToken: string
}

type Facts = {
  /** Somebody, or some organization, has this id. */
  readonly isSubject: boolean
  readonly found: RequestTokenFacts | undefined
  readonly proxiesKnown: number
}

/**
 * Trades a request token for a pair. The pair is computed from the token, so whoever has lost the answer
 * sends the same request again, a few times within its day, until the pair has been used.
 */
export const redeemRequestToken: Operation<RedeemRequestTokenInput, Facts, Issued> = {
  async look(store, input) {
    const hash = hashOfRequestToken(input.requestToken)
    const [isSubject, found] = await Promise.all([
      store.isSubject(input.subjectId),
      hash && store.findRequestToken(hash),
    ])
    return { isSubject, found, proxiesKnown: await countProxies(store, input, found?.subject) }
  },

  decide(input, { isSubject, found, proxiesKnown }, moment) {
    const { caller } = input
    const denied = refusalOfClient(caller, 'authtoken')
    if (denied) return refuse(denied)
    if (!isSubject) return refuse('subject_unknown')
    if (!found) return refuse('request_token_unknown')
    const spoilt = refusalOfToken(input, found, moment)
    if (spoilt) return refuse(spoilt)
    const refused = refusalOfSubject(input, found.subject, proxiesKnown)
    if (refused) return refuse(refused)
    return found.grant ? sayAgain(input, found, found.grant, moment) : begin(input, found, moment)
  },
}

function refusalOfToken(
  { caller: { client, policy }, subjectId }: RedeemRequestTokenInput,
  { token, subject, belongs, authorized, grant }: RequestTokenFacts,
  { now }: Moment,
): Reason | undefined {
  const isTheirs = token.clientId === client.id && (token.userId || token.organizationId) === subjectId
  if (!isTheirs || !belongs) return 'request_token_of_other'
  if (token.uses >= requestTokenUsesMax) return 'request_token_used_up'
  if (token.grantNumber !== undefined) {
    // Whoever holds the pair has used it, or somebody has ended it: this token brings no second one.
    if (!grant || !isAlive(grant, subject.connection, client) || grant.generation > 0)
      return 'request_token_used_up'
    if (policy.rotate === 'never' && grant.usedAt !== undefined) return 'request_token_used_up'
  }
  // One from before the client was recovered may be in the thief's hands. And an admin who has left has taken
  // it along: also a lost answer that is said again would be by their word.
  const isOver = token.expires <= now || token.created < client.tokensValidAfter || !authorized
  return isOver ? 'request_token_expired' : undefined
}

function begin(input: RedeemRequestTokenInput, found: RequestTokenFacts, moment: Moment): Decision<Issued> {
  const { client } = input.caller
  const { token, subject } = found
  const number = moment.number()
  const version = currentVersion(moment.ring, moment.now)
  return beginDirectGrant(
    {
      input,
      subject,
      // What the operator has taken from the app since, the token does not bring back.
      scopesMax: token.scopes.filter((scope) => client.scopes.includes(scope)),
      authorizedBy: token.authorizedBy,
      number,
      locator: requestLocator(version, input.requestToken, client.id),
      version,
      hasSignedIn: false,
      guard: (connection) => used(found, { number, keyVersion: version.version }, connection, moment),
    },
    moment,
  )
}

/** The answer was lost: the same refresh token, and a fresh access token. */
function sayAgain(
  input: RedeemRequestTokenInput,
  found: RequestTokenFacts,
  grant: Grant,
  moment: Moment,
): Decision<Issued> {
  const { caller, proxies } = input
  const { connection } = found.subject
  const beyond = input.scopes && firstBeyond(input.scopes, grant.scopes)
  if (beyond !== undefined) return refuse({ reason: 'scope_widened', parameter: beyond })
  const version = findVersion(moment.ring, grant.keyVersion)
  if (!version) return refuse(reasonWithoutKey(grant, moment))
  const locator = locatorOf(input, grant, version)
  if (!locator) return refuse('request_token_used_up')
  const pair = sayPair(
    {
      caller,
      grant,
      connection,
      locator,
      version,
      generation: 0,
      refreshExpiresAt: grant.refreshUntil,
      asked: input.scopes,
      subject: found.subject,
      withAccess: true,
      withRefresh: caller.policy.refreshAllowed,
      repeated: true,
    },
    moment,
  )
  const identity = identityOf({ caller, about: grant, nonce: undefined, authenticatedAt: undefined }, moment)
  return granted(
    { ...pair, identity, access: pair.access && { ...pair.access, proxies } },
    used(found, grant, expected(grant, connection), moment),
  )
}

const reasonWithoutKey = ({ keyVersion }: Grant, { ring }: Moment): Reason =>
  ring.destroyed.has(keyVersion) ? 'request_token_used_up' : 'key_version_unknown'

/** Of this grant; `undefined` where another one stands at its number, as in a copy of the database. */
function locatorOf(
  { caller, requestToken }: RedeemRequestTokenInput,
  grant: Grant,
  version: RingVersion,
): Uint8Array | undefined {
  const locator = requestLocator(version, requestToken, caller.client.id)
  return equal(locatorHash(locator), grant.locatorHash) ? locator : undefined
}

/**
 * The guard. How often it was used is counted there and not compared with what was seen: of many parallel
 * repeats each one would overtake all the others, and honest workers would hear that we are busy.
 */
const used = (
  { token }: RequestTokenFacts,
  { number, keyVersion }: Pick<Grant, 'number' | 'keyVersion'>,
  connection: ConnectionExpected,
  { now }: Moment,
): Write => ({
  write: 'redeem_request_token',
  hash: token.hash,
  at: now,
  usesMax: requestTokenUsesMax,
  seen: token.grantNumber,
  keyVersion,
  grantNumber: number,
  connection,
})
