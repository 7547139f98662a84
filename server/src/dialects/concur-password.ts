/**
 * Concur's `password` grant, with a user's own password (`credtype=password`). An app sees it by that, which
 * is why RFC 9700 §2.4 has no such grant, and why it is off here unless a client is allowed it.
 */
import { refusalOfClient } from '../kernel/operations/direct-grant.ts'
import type { Refusal } from '../kernel/refusals.ts'
import { hearAsked, malformed, refuseAtToken, tokens } from './concur-answers.ts'
import { endpoint } from './dialect.ts'
import { inBody } from './proofs.ts'

/** A user or company that signs in is called disabled by other numbers than the one of a grant. */
export const refuseSigningIn = refuseAtToken({ user_disabled: 10, organization_disabled: 11 })

const password = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'password' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: {
    credtype: 'optional',
    login_type: 'optional',
    username: 'optional',
    loginid: 'optional',
    password: 'optional',
    proxies: 'optional',
    scope: 'optional',
  },
  does: 'redeem_password',
  hear(parameters, { caller }) {
    const denied = refusalOfClient(caller, 'password')
    if (denied) return { refusal: denied }
    const { credtype = 'password', password: secret } = parameters
    if (credtype !== 'password') return malformed('credtype', 'password', 'authtoken')
    const named = hearLogin(parameters)
    if ('refusal' in named) return named
    if (secret === undefined) return missing('password')
    const wanted = hearWanted(parameters)
    if ('refusal' in wanted) return wanted
    return { ...named, credential: { password: secret }, ...wanted }
  },
  say: tokens,
  refuse: refuseSigningIn,
})

export const missing = (parameter: string) => ({
  refusal: { reason: 'parameter_missing', parameter } as const,
})

type Login = Readonly<Record<'login_type' | 'username' | 'loginid', string | undefined>>

/** Under which of the two names the user's name stands. */
function hearLogin({
  login_type = 'username',
  username,
  loginid,
}: Login): { readonly username: string } | { readonly refusal: Refusal } {
  if (login_type !== 'username' && login_type !== 'loginid')
    return malformed('login_type', 'username', 'loginid')
  const name = login_type === 'loginid' ? loginid : username
  return name === undefined ? missing(login_type) : { username: name }
}

type Wanted = Readonly<Record<'scope' | 'proxies', string | undefined>>

/** For what, and in whose name: user ids stand with commas or spaces between them. */
export function hearWanted({ scope, proxies: text = '' }: Wanted) {
  const asked = hearAsked(scope)
  if ('refusal' in asked) return asked
  const proxies = [...new Set(text.split(/[\s,]+/).filter(Boolean))]
  // Looking up many takes long, and everybody else would wait for it.
  if (proxies.length > proxiesMax) {
    const accepted = [`at most ${proxiesMax}`]
    return { refusal: { reason: 'proxies_unknown', parameter: 'proxies', accepted } as const }
  }
  return { ...asked, proxies }
}

const proxiesMax = 50

export const passwordEndpoints = [password]
