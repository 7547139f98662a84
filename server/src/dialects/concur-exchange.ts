/** Concur's exchange of an old token for a new refresh token. */
import { malformed, principalUri, refuseAtExchange, userUri } from './concur-answers.ts'
import type { SignedTokens } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import type { Proof } from './proofs.ts'
import { hearBearer } from './proofs.ts'

/** The app's own token in the header, its secret in the body, its old key in the path: all of one app. */
const applicationToken: Proof = ({ headers, parameters, path, clientOfToken }) => {
  const token = hearBearer(headers.authorization)
  const clientId = token && clientOfToken(token)
  if (!clientId) return { refusal: { reason: 'application_token_invalid' } }
  const secret = parameters.get('secret')
  // Even an app without a secret cannot do without one here.
  if (secret === undefined) return { refusal: { reason: 'client_secret_missing', parameter: 'secret' } }
  return { clientId, secret, proof: 'required', pathIdentifier: path.key }
}

/** Its two paths: the guide's, and the one of its curl line. */
export const exchanges = (['/appmgmt/v0', '/v0'] as const).map((base) =>
  endpoint({
    route: `POST ${base}/legacyApps/:key/exchangeRefreshToken/me`,
    // Concur's own curl line sends JSON under curl's default, which is a form.
    body: 'json, whatever the content type says',
    inQuery: ['returnType'],
    client: applicationToken,
    order: 'client first',
    takes: { token: 'required', secret: 'required', returnType: 'optional' },
    does: 'exchange_legacy_token',
    hear({ token, returnType }) {
      if (returnType !== undefined && returnType !== 'companyToken') {
        return malformed('returnType', 'companyToken')
      }
      const as = returnType === undefined ? 'user' : 'organization'
      return { legacyToken: token, as, companyKinds: ['wsadmin'], wants: 'refresh_token' } as const
    },
    say: (result, context) =>
      reply(200, {
        token: result.refreshToken,
        // Both are the grant's, so that a repeat says the same.
        created: result.grantCreatedAt,
        expired: result.refreshExpiresAt,
        scopes: result.grantScopes,
        context: JSON.stringify(contextOf(result, context.caller.client.id, context.issuer)),
      }),

    refuse: refuseAtExchange,
  }),
)

/** Concur sends this object as a text. */
function contextOf({ actsAs, userId, organization, grantScopes }: SignedTokens, cid: string, issuer: string) {
  const company = actsAs === 'organization'
  const userid = company ? organization?.id : userId
  return {
    userid,
    cid,
    ptype: company ? 'company' : 'user',
    userURI: company ? principalUri(issuer, userid) : userUri(issuer, userid),
    scope: grantScopes.join(' '),
  }
}
