/**
 * Concur's page where a user allows an app. Its answers say where the user is from now on asked for
 * (`geolocation`), its refusals have the numbers of the token endpoint; an app may ask for an id_token there
 * (OpenID Connect Core 1.0 §3), and then gets all of the answer behind the `#`.
 */
import { refusals } from '../kernel/refusals.ts'
import { codeOf } from './concur-answers.ts'
import type { AuthorizePage } from './dialect.ts'

export const authorize: AuthorizePage = {
  path: '/oauth2/v0/authorize',
  responseType: 'required',
  responseTypes: ['code', 'id_token', 'code id_token'],
  redirectUri: 'required',
  scopes: 'asked',
  separator: ' ',
  codeChallenge: 'public',
  offlineAccess: 'by consent',
  displays: ['page', 'popup', 'touch', 'wap'],
  prompts: ['none', 'login', 'consent', 'select_account'],
  subject: 'user in an organization',
  withoutOrganization: 'user',
  // Each of its reasons has a number.
  denied: 'told to the app',
  say: ({ geolocation, code, idToken, state }) => ({ geolocation, code, id_token: idToken, state }),
  // Concur says `error_code`. The standard's word stands beside it (RFC 6749 §4.1.2.1): without it, no
  // library of OpenID Connect knows a refusal for one.
  refuse(refusal, state) {
    const { number, description } = codeOf(refusal, signingIn)
    const error = refusals[refusal.reason].oauth
    return { error_code: String(number), error_description: description, error, state }
  },
}

/** Of a user or company that is about to allow something, as of one that signs in. */
const signingIn = { user_disabled: 10, organization_disabled: 11 } as const
