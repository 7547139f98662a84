/**
 * Concur's one-time passwords: an app has six digits mailed to a user, whom it names by their address, and
 * trades them for a pair. Whatever parameters of its own it sends with the first request, it repeats with the
 * second: by them it knows that both are of one sign-in.
 */
import { refusalOfClient } from '../kernel/operations/direct-grant.ts'
import { malformed, refuseAtToken, tokens } from './concur-answers.ts'
import { hearWanted, missing, refuseSigningIn } from './concur-password.ts'
import type { Others } from './dialect.ts'
import { endpoint, reply } from './dialect.ts'
import { inBody } from './proofs.ts'

/** What Concur reserves at either endpoint is no parameter of the app's own at the other, either. */
const reserved = [
  'client_id', 'client_secret', 'channel_type', 'channel_handle', 'scope', 'grant_type', 'otp', 'proxies',
  'name', 'company', 'link',
] // biome-ignore format: a list of names reads best in lines

const send = endpoint({
  route: 'POST /oauth2/v0/otp',
  body: 'form',
  client: inBody(),
  order: 'client first',
  // Concur's mail shows the caller's `name`, `company` and `link`. Ours does not: a caller's words and link
  // in a mail of ours are what a phisher would want.
  takes: { channel_type: 'optional', channel_handle: 'optional' },
  othersBut: reserved,
  does: 'send_one_time_code',
  hear(parameters, { caller, others, mails }) {
    const denied = refusalOfClient(caller, 'otp')
    if (denied) return { refusal: denied }
    const heard = hearChannel(parameters, others)
    if ('refusal' in heard) return heard
    if (!mails) return { refusal: { reason: 'unavailable', problem: 'mail is not configured' } }
    return heard
  },
  say: () => reply(200, { message: 'otp sent' }),
  refuse: refuseAtToken(
    { user_disabled: 10, organization_disabled: 11 },
    {
      57: 'channel_type was not supplied',
      58: 'channel_handle was not supplied',
      61: 'client_id is not known to us',
      82: 'the number of open otp requests has been exceeded',
    },
  ),
})

const redeem = endpoint({
  route: 'POST /oauth2/v0/token',
  when: { grant_type: 'otp' },
  body: 'form',
  client: inBody(),
  order: 'client first',
  takes: {
    otp: 'optional',
    channel_type: 'optional',
    channel_handle: 'optional',
    scope: 'optional',
    proxies: 'optional',
  },
  othersBut: reserved,
  does: 'redeem_one_time_code',
  hear(parameters, { caller, others }) {
    const denied = refusalOfClient(caller, 'otp')
    if (denied) return { refusal: denied }
    const { otp } = parameters
    if (otp === undefined) return missing('otp')
    const heard = hearChannel(parameters, others)
    if ('refusal' in heard) return heard
    const wanted = hearWanted(parameters)
    return 'refusal' in wanted ? wanted : { ...heard, code: otp, ...wanted }
  },
  say: tokens,
  refuse: refuseSigningIn,
})

type Channel = Readonly<Record<'channel_type' | 'channel_handle', string | undefined>>

/** To whom the digits go, and what is to be repeated. */
function hearChannel({ channel_type: type, channel_handle: handle }: Channel, others: Others) {
  if (type === undefined) return missing('channel_type')
  if (handle === undefined) return missing('channel_handle')
  if (type !== 'email') return malformed('channel_type', 'email')
  if (!/^[^\s@]{1,64}@[^\s@]{1,255}$/.test(handle)) return malformed('channel_handle', 'a mail address')
  return 'refusal' in others ? others : { address: handle, facts: others }
}

export const otpEndpoints = [send, redeem]
