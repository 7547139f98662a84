/** Concur's token endpoint, but for the grants that name somebody outright. */
import { hearAsked, refuseAtToken, tokens } from './concur-answers.ts'
import { endpoint } from './dialect.ts'
import { inBody } from './proofs.ts'

const clientCredentials = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'client_credentials' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: { scope: 'optional' },
  does: 'issue_client_token',
  hear: ({ scope }) => hearAsked(scope),
  say: tokens,
  refuse: refuseAtToken({ grant_type_not_allowed: 115 }),
})

const refresh = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'refresh_token' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: { refresh_token: 'required', scope: 'optional' },
  does: 'refresh_token_pair',
  hear({ refresh_token, scope }) {
    const asked = hearAsked(scope)
    return 'refusal' in asked ? asked : { refreshToken: refresh_token, ...asked }
  },
  say: tokens,
  refuse: refuseAtToken({ grant_type_not_allowed: 107 }),
})

const code = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'authorization_code' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: { code: 'required', redirect_uri: 'required', code_verifier: 'optional' },
  does: 'redeem_authorization_code',
  hear: ({ code, redirect_uri, code_verifier }) => ({
    code,
    redirectUri: redirect_uri,
    codeVerifier: code_verifier,
  }),
  say: tokens,
})

export const tokenEndpoints = [clientCredentials, refresh, code]
