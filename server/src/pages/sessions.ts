/** Signing in and out. The one place where a password is heard. */
import { hearBody } from '../http/parameters.ts'
import { perform } from '../kernel/kernel.ts'
import { checkPassword } from '../kernel/operations/check-password.ts'
import { endSession } from '../kernel/operations/end-session.ts'
import type { Reason } from '../kernel/refusals.ts'
import { verifyPassword } from '../keys/password.ts'
import { isFormToken } from './cookies.ts'
import { dispatch } from './dispatch.ts'
import { explain, messages } from './messages.ts'
import { noticePage } from './notice.ts'
import type { Desk, PageAnswer, PageRequest } from './page.ts'
import { findHub, formOutdated, refusedPage } from './page.ts'

/**
 * What an unknown user's password is verified against, so that the time taken does not tell who has an
 * account. It costs what `keys/password.ts` lets a real one cost, and belongs to no password that anybody
 * knows.
 */
export const decoyHash =
  '$argon2id$v=19$m=19456,t=2,p=1$Ms1WfwJKlkR58q07i2OUAA$rdYK3bQeqU9/Zpo5Bv+QnfD4m2EzdMUFZaWWzdGQkIs'

/** Hears the sign-in form: a right password begins a new session and leads back to the hub. */
export async function signIn(request: PageRequest, desk: Desk): Promise<PageAnswer> {
  const operation = 'check_password'
  const form = hearBody('form', request.contentType, request.body)
  if ('refusal' in form) return refusedPage(desk, form.refusal, operation)
  const returnTo = form.get('return_to')?.[0]
  const found = findHub(desk.hubs, returnTo)
  if (returnTo === undefined || !found) return restart(desk)
  const isOurs = isFormToken(form.get('form_token')?.[0], desk.cookies.read(request.cookies, 'form'))
  if (!isOurs || request.isCrossSite) return formOutdated(desk, returnTo, operation)

  const username = form.get('username')?.[0] ?? ''
  const outcome = await checkSignIn(request, desk, username, form.get('password')?.[0] ?? '')
  if ('reason' in outcome) {
    const { reason } = outcome
    const { status, retryAfterSeconds } = waits[reason] ?? { status: 403 }
    const wrong = { text: explain(reason), username, status }
    const answer = await dispatch(request, found.hub, found.query, desk, wrong)
    const noted = { ...answer.noted, operation, reason }
    return retryAfterSeconds === undefined ? { ...answer, noted } : { ...answer, noted, retryAfterSeconds }
  }
  const { cookies, place } = desk
  return {
    status: 303,
    location: place.base + returnTo,
    // Always a new one: a session that somebody put into the browser before is not gone on with.
    setCookies: [cookies.set('session', outcome.sessionSecret), cookies.clear('form')],
    noted: { operation },
  }
}

const waits: Partial<Record<Reason, { readonly status: number; readonly retryAfterSeconds?: number }>> = {
  too_many_attempts: { status: 429, retryAfterSeconds: 900 },
  contended: { status: 503, retryAfterSeconds: 1 },
}

/** Signs out, and goes back to the hub where the form came from there. */
export async function signOut(request: PageRequest, desk: Desk): Promise<PageAnswer> {
  const operation = 'end_session'
  const { cookies, place, hubs } = desk
  const form = hearBody('form', request.contentType, request.body)
  if ('refusal' in form) return refusedPage(desk, form.refusal, operation)
  const returnTo = form.get('return_to')?.[0]
  const found = findHub(hubs, returnTo)
  const sessionSecret = cookies.read(request.cookies, 'session')
  const isOurs = isFormToken(form.get('form_token')?.[0], sessionSecret)
  if (!isOurs || request.isCrossSite || sessionSecret === undefined) {
    return formOutdated(desk, found && returnTo, operation)
  }
  const ended = await perform(endSession, { sessionSecret }, desk.services.world)
  if ('refused' in ended) return refusedPage(desk, ended.refused, operation)
  const setCookies = [cookies.clear('session')]
  if (found && returnTo !== undefined) {
    return { status: 303, location: place.base + returnTo, setCookies, noted: { operation } }
  }
  const page = noticePage({ place, ...messages.signedOut, isError: false })
  return { status: 200, page, setCookies, noted: { operation } }
}

/** Somebody came to a form's address by hand: which app it was for, only the app's own link says. */
export const restart = ({ place }: Desk): PageAnswer => ({
  status: 400,
  page: noticePage({ place, ...messages.restart, isError: false }),
  noted: { reason: 'parameter_missing' },
})

/** The new session's secret, or why there is none. */
async function checkSignIn(
  { address, cookies, userAgent }: PageRequest,
  desk: Desk,
  username: string,
  password: string,
): Promise<{ readonly sessionSecret: string } | { readonly reason: Reason }> {
  const { limits, world } = desk.services
  if (limits.isSpent(address)) return { reason: 'too_many_attempts' }
  // Counted before anything is waited for: many at once count, too.
  limits.noteGuess(address)
  const refused = (reason: Reason): { readonly reason: Reason } => {
    if (reason !== 'password_wrong') limits.forgiveGuess(address)
    return { reason }
  }
  const user = await world.store.findUserByUsername(username)
  if (desk.verifications.isFull()) return refused('contended')
  if (!desk.attempts.begin(username)) return refused('too_many_attempts')
  const hash = user?.passwordHash
  const fits = await desk.verifications.take(() => verifyPassword(hash ?? decoyHash, password))
  const sessionSecret = desk.cookies.read(cookies, 'session')
  const input = { username, verifiedHash: fits ? hash : undefined, sessionSecret, address, userAgent }
  const answer = await perform(checkPassword, input, world)
  if ('refused' in answer) return refused(answer.refused.reason)
  limits.forgiveGuess(address)
  desk.attempts.succeed(username)
  return { sessionSecret: answer.granted.sessionSecret }
}
