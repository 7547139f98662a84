import { event, grant as granted, refuse } from '../decision.ts'
import { said } from '../event-detail.ts'
import type { Operation } from '../kernel.ts'
import { isBehind } from '../lost-row.ts'
import type { Client, LegacyToken } from '../records.ts'
import type { Caller } from './issue.ts'
import type { PresentedFacts, PresentedToken } from './presented-token.ts'
import { lookAtToken } from './presented-token.ts'

export type RevokeInput = PresentedToken & {
  readonly caller: Caller
  /** Pipedrive: giving up the refresh token is uninstalling the app for that user. */
  readonly uninstalls?: boolean
}

/** `unknown`: as far as the caller may know, nobody ever issued this token, so it was a guess. */
export type Revoked = { readonly revoked: boolean; readonly unknown?: true }

const already = granted<Revoked>({ revoked: false })
const unknown = granted<Revoked>({ revoked: false, unknown: true })

/**
 * Revokes a token of the caller's (RFC 7009): a refresh token ends its grant, an access token ends alone, a
 * legacy token can never be exchanged. A token that is not alive is as good as revoked (§2.2).
 */
export const revokeToken: Operation<RevokeInput, PresentedFacts, Revoked> = {
  look: (store, input, ring) => lookAtToken(store, input, input.caller.client.id, ring),

  decide({ caller, uninstalls }, facts, { now }) {
    const { client, proven, actor } = caller
    // A client with a secret proves itself; one without has only the token (RFC 7009 §2.1).
    if (client.type === 'confidential' && !proven && !caller.policy.secretsArePublic)
      return refuse('client_secret_missing')
    if (facts.kind === 'version_unknown') return refuse('key_version_unknown')
    if (facts.kind === 'unknown') return unknown

    if (facts.kind === 'access') {
      if (facts.client?.id !== client.id) return refuse('refresh_token_of_other_client')
      const { jti, expiresAt } = facts.claims
      if (facts.revoked || expiresAt <= now) return already
      const about = {
        ...facts.grant?.grant,
        clientId: client.id,
        grantNumber: facts.number || undefined,
        detail: said('', { jti, expires: expiresAt }),
      }
      return granted(
        { revoked: true },
        { write: 'revoke_access_token', jti, expires: expiresAt },
        event('access_token_revoked', now, actor, about),
      )
    }
    if (facts.kind === 'refresh') {
      if (!facts.grant) return isBehind(facts.lost) ? refuse('state_behind') : already
      const { grant, connection } = facts.grant
      if (grant.clientId !== client.id) return refuse('refresh_token_of_other_client')
      if (grant.status !== 'live' || connection.status !== 'live' || connection.epoch !== grant.epoch)
        return already
      const about = { ...grant, grantNumber: grant.number }
      return uninstalls
        ? granted(
            { revoked: true },
            { write: 'revoke_connection', connection, byGrant: grant.number },
            event('connection_revoked', now, actor, about),
          )
        : granted(
            { revoked: true },
            { write: 'end_grant', number: grant.number, reason: 'revoked_by_client' },
            event('grant_revoked', now, actor, about),
          )
    }
    const { token } = facts.legacy
    if (token.clientId !== client.id && token.boundTo !== client.id) {
      // Legacy tokens can be guessed: that there is such a one, only an app that could hold it may know.
      if (!proven || !isEverybodys(token, client)) return unknown
      // A token that no app owns is every app's: one of them must not take it from the others.
      return refuse('revocation_unsupported')
    }
    if (token.status === 'revoked') return already
    return granted(
      { revoked: true },
      { write: 'revoke_legacy_token', token },
      event('legacy_token_revoked', now, actor, {
        ...token,
        clientId: client.id,
        detail: said('', { lookup: token.lookup }),
      }),
    )
  },
}

/** A token that names no client and that nobody has made theirs: each app of its dialect could hold it. */
const isEverybodys = ({ clientId, boundTo, dialect }: LegacyToken, client: Client): boolean =>
  clientId === '' && !boundTo && dialect === client.dialect
