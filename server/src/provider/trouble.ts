/** What went wrong between this server and the provider, and whose trouble it is: never the user's. */
import * as oidc from 'openid-client'
import type { Reason } from '../kernel/refusals.ts'

export type Trouble = {
  readonly reason: Extract<Reason, 'unavailable' | 'provider_refused' | 'provider_answer_invalid'>
  /** For the operator's log: a code of the protocol or of the library, nothing that was sent. */
  readonly problem: string
}

/** An error of the library as a reason; what is not its own is a mistake of ours, and is thrown on. */
export function troubleOf(error: unknown, at: 'discovery' | 'answer'): Trouble {
  if (error instanceof oidc.AuthorizationResponseError) return ofAuthorization(error.error)
  if (error instanceof oidc.ResponseBodyError) return ofStatus(error.status, error.error)
  if (error instanceof oidc.WWWAuthenticateChallengeError) return ofStatus(error.status, 'userinfo_refused')
  if (error instanceof oidc.ClientError) return ofClient(error, at)
  // `fetch` says so where nobody answers; a wrong argument of ours has a code.
  if (error instanceof TypeError && !('code' in error)) return unavailable('unreachable')
  throw error
}

const unavailable = (problem: string): Trouble => ({ reason: 'unavailable', problem: printable(problem) })

const isTheirs = (status: number): boolean => status >= 500 || status === 429

const ofStatus = (status: number, problem: string): Trouble =>
  isTheirs(status)
    ? unavailable(`${status}`)
    : { reason: 'provider_answer_invalid', problem: printable(problem) }

/** RFC 6749 §4.1.2.1: what the provider says through the user's browser. */
const ofAuthorization = (error: string): Trouble =>
  ['server_error', 'temporarily_unavailable'].includes(error)
    ? unavailable(error)
    : { reason: 'provider_refused', problem: printable(error) }

function ofClient({ code = 'unknown', cause }: oidc.ClientError, at: 'discovery' | 'answer'): Trouble {
  const isSilent = code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT'
  // Without its document there is no way there, whatever is wrong with it.
  if (isSilent || at === 'discovery') return unavailable(code)
  const status = cause instanceof Response ? cause.status : 0
  return ofStatus(status, code)
}

const printable = (problem: string): string => problem.replaceAll(/[^\w.-]/g, '?').slice(0, 60)
