import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import { firstBeyond } from '../scopes.ts'
import { targetsFit } from '../token-size.ts'
import type { Caller, Issued } from './issue.ts'
import { accessOf } from './issue.ts'

export type ClientTokenInput = {
  readonly caller: Caller
  readonly scopes?: readonly string[] | undefined
  readonly resource?: readonly string[] | undefined
}

/** An access token for the client itself (RFC 6749 §4.4): no grant, no refresh token, no row. */
export const issueClientToken: Operation<ClientTokenInput, undefined, Issued> = {
  look: async () => undefined,

  decide({ caller, scopes, resource }, _facts, moment) {
    const { client, proven } = caller
    if (client.status === 'disabled') return refuse('client_disabled')
    // RFC 6749 §4.4: confidential clients only.
    if (client.type === 'public' || !proven) return refuse('grant_type_not_allowed')
    const asked = scopes ?? client.scopes
    const beyond = firstBeyond(asked, client.scopes)
    if (beyond !== undefined) return refuse({ reason: 'scope_not_allowed', parameter: beyond })
    if (!targetsFit(resource ?? [])) return refuse('target_invalid')
    const about = {
      number: 0,
      userId: '',
      organizationId: '',
      resource: resource ?? [],
      actsAs: 'client',
    } as const
    return granted({
      access: accessOf(caller, about, undefined, asked, moment),
      refreshToken: undefined,
      refreshExpiresAt: undefined,
      issuedAt: moment.now,
      scopes: asked,
      grantScopes: asked,
      grantCreatedAt: moment.now,
      userId: '',
      authorizedBy: '',
      organization: undefined,
      actsAs: 'client',
      repeated: false,
    })
  },
}
