/**
 * Concur's `password` grant with a request token in the place of the password (`credtype=authtoken`), and the
 * id of the user or company as the user name. An admin has made the token for this app, so no password of
 * anybody's is seen by it; which apps may, the operator says.
 */
import { refusalOfClient } from '../kernel/operations/direct-grant.ts'
import { tokens } from './concur-answers.ts'
import { hearWanted, missing, refuseSigningIn } from './concur-password.ts'
import type { RequestTokenRequest } from './dialect.ts'
import { endpoint } from './dialect.ts'
import { inBody } from './proofs.ts'

const requestToken = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'password', credtype: 'authtoken' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: { username: 'optional', password: 'optional', proxies: 'optional', scope: 'optional' },
  does: 'redeem_request_token',
  hear(parameters, { caller }) {
    const denied = refusalOfClient(caller, 'authtoken')
    if (denied) return { refusal: denied }
    const { username, password } = parameters
    if (username === undefined) return missing('username')
    if (password === undefined) return missing('password')
    const wanted = hearWanted(parameters)
    return 'refusal' in wanted ? wanted : { subjectId: username, requestToken: password, ...wanted }
  },
  say: tokens,
  refuse: refuseSigningIn,
})

export const requestTokenRequest: RequestTokenRequest = ({ subjectId, requestToken: password }) => ({
  path: '/oauth2/v0/token',
  form: { grant_type: 'password', credtype: 'authtoken', username: subjectId, password },
})

/** They stand before the endpoints of a password, which take whatever `credtype` there is. */
export const requestTokenEndpoints = [requestToken]
