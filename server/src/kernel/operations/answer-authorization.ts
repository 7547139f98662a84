/** What an app gets at its address once its user has allowed it: a code, who the user is, or both. */
import type { Write } from '../decision.ts'
import type { Moment } from '../kernel.ts'
import { policyOf } from '../policy.ts'
import type { AuthorizationCode, User } from '../records.ts'
import { sha256 } from '../ring.ts'
import type { AuthorizationInput, Checked, Step, Subject } from './authorization.ts'
import { identify } from './identity.ts'
import { regionOf, seconds } from './issue.ts'

/** What was allowed before is answered as often as it is asked: an app that loops makes no more rows. */
const openCodesMax = 20

export type Answered = { readonly step: Step; readonly writes: readonly Write[] }

/** The answer that this request asks for. An id_token alone is no row: nothing can be had for it later. */
export function answerRequest(
  input: AuthorizationInput,
  checked: Checked,
  subject: Subject,
  user: User,
  moment: Moment,
): Answered {
  const { client, redirectUri, responseMode, responseType } = checked
  const row = responseType === 'id_token' ? undefined : codeRow(input, checked, subject, user, moment)
  const actsAs = actsAsOf(input)
  return {
    step: {
      client,
      redirectUri,
      responseMode,
      next: 'answer',
      code: row?.code,
      identity:
        responseType === 'code'
          ? undefined
          : identify(
              {
                caller: { client, policy: policyOf(input.policy, client) },
                about: { ...subject, actsAs, scopes: checked.scopes },
                nonce: input.request.nonce,
                authenticatedAt: checked.authenticatedAt,
              },
              moment,
            ),
      userId: user.id,
      organizationId: subject.organizationId,
      region: regionOf({ user: actsAs === 'user' ? user : undefined, organization: subject.organization }),
    },
    writes: row ? [row.write] : [],
  }
}

const actsAsOf = ({ rules }: AuthorizationInput): AuthorizationCode['actsAs'] =>
  rules.subject === 'organization' ? 'organization' : 'user'

/** A code for the app: 256 random bits, of which the row keeps the hash. */
function codeRow(
  input: AuthorizationInput,
  { client, scopes, authenticatedAt }: Checked,
  subject: Subject,
  user: User,
  { now, random }: Moment,
): { readonly code: string; readonly write: Write } {
  const { request, policy } = input
  const code = Buffer.from(random(32)).toString('base64url')
  const row: AuthorizationCode = {
    hash: sha256(code),
    kind: 'consent',
    clientId: client.id,
    userId: subject.userId,
    organizationId: subject.organizationId,
    actsAs: actsAsOf(input),
    authorizedBy: user.id,
    scopes,
    resource: request.resource,
    // RFC 6749 §4.1.3: the token request must repeat it only where this request named it.
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge,
    legacyLookup: undefined,
    legacyClientId: undefined,
    wrappedLocator: undefined,
    created: now,
    expires: now + seconds(policyOf(policy, client).codeSeconds),
    status: 'open',
    grantNumber: undefined,
    nonce: request.nonce,
    authenticatedAt,
  }
  return { code, write: { write: 'add_code', code: row, openMax: openCodesMax } }
}
