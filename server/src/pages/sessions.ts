/** Signing in and out. The one place where a password is heard. */
import { hearBody } from '../http/parameters.ts'
import { perform } from '../kernel/kernel.ts'
import { checkPassword } from '../kernel/operations/check-password.ts'
import { endSession } from '../kernel/operations/end-session.ts'
import type { Reason } from '../kernel/refusals.ts'
import { verifyPassword } from '../keys/password.ts'
import { explain } from '../words/index.ts'
import { sayAccountPath } from './account-paths.ts'
import { isFormToken } from './cookies.ts'
import { dispatch } from './dispatch.ts'
import { noticePage } from './notice.ts'
import type { Desk, PageAnswer, PageRequest } from './page.ts'
import { formOutdated, refusedPage } from './page.ts'
import { findReturn } from './return-to.ts'
import { showSignIn } from './show-sign-in.ts'

/**
 * What an unknown user's password is verified against, so that the time taken does not tell who has an
 * account. It costs what `keys/password.ts` lets a real one cost, and belongs to no password that anybody
 * knows.
 */
export const decoyHash =
  '$argon2id$v=19$m=19456,t=2,p=1$Ms1WfwJKlkR58q07i2OUAA$rdYK3bQeqU9/Zpo5Bv+QnfD4m2EzdMUFZaWWzdGQkIs'

/** Hears the sign-in form: a right password begins a new session and leads back to where it was asked for. */
export async function signIn(request: PageRequest, desk: Desk): Promise<PageAnswer> {
  const operation = 'check_password'
  const form = hearBody('form', request.contentType, request.body)
  if ('refusal' in form) return refusedPage(desk, form.refusal, operation)
  const returnTo = form.get('return_to')?.[0]
  const found = findReturn(desk.hubs, returnTo)
  if (returnTo === undefined || !found) return formOutdated(desk, appsPath, operation)
  const isOurs = isFormToken(form.get('form_token')?.[0], desk.cookies.read(request.cookies, 'form'))
  if (!isOurs || request.isCrossSite) return formOutdated(desk, returnTo, operation)

  const username = form.get('username')?.[0] ?? ''
  const outcome = await checkSignIn(request, desk, username, form.get('password')?.[0] ?? '')
  if ('reason' in outcome) {
    const { reason } = outcome
    const { status, retryAfterSeconds } = waits[reason] ?? { status: 403 }
    const wrong = { text: explain(desk.place.words, reason), username, status }
    const answer =
      found.to === 'authorization'
        ? await dispatch(request, found.hub, found.query, desk, wrong)
        : showSignIn(request, desk, { returnTo, wrong, noted: {} })
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
  const found = findReturn(hubs, returnTo)
  const sessionSecret = cookies.read(request.cookies, 'session')
  // Pressed twice: what it asks for is so already.
  if (sessionSecret === undefined && !request.isCrossSite) return signedOut(desk, [])
  const isOurs = isFormToken(form.get('form_token')?.[0], sessionSecret)
  if (!isOurs || request.isCrossSite || sessionSecret === undefined) {
    return formOutdated(desk, found && returnTo, operation)
  }
  const ended = await perform(endSession, { sessionSecret }, desk.services.world)
  if ('refused' in ended) return refusedPage(desk, ended.refused, operation)
  const setCookies = [cookies.clear('session')]
  if (found?.to !== 'authorization' || returnTo === undefined) return signedOut(desk, setCookies)
  return { status: 303, location: place.base + returnTo, setCookies, noted: { operation } }
}

const appsPath = sayAccountPath({ page: 'apps' })

/** Somebody came to the form's address by hand: their apps ask them to sign in, where they have not. */
export const showSigningIn = ({ place }: Desk): PageAnswer => ({
  status: 303,
  location: place.base + appsPath,
  noted: {},
})

/** What is seen after signing out. Who is signed in has the button to sign out among the apps. */
export function showSignedOut(request: PageRequest, desk: Desk): PageAnswer {
  if (desk.cookies.read(request.cookies, 'session') !== undefined) return showSigningIn(desk)
  const { again, ...notice } = desk.place.words.notices.signedOut
  const link = { path: appsPath, label: again }
  return { status: 200, page: noticePage({ place: desk.place, ...notice, isError: false, link }), noted: {} }
}

const signedOut = ({ place }: Desk, setCookies: readonly string[]): PageAnswer => ({
  status: 303,
  location: `${place.base}/sign-out`,
  setCookies,
  noted: { operation: 'end_session' },
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
