/** Signing in and out. */
import { hearBody } from '../http/parameters.ts'
import { perform } from '../kernel/kernel.ts'
import type { PasswordInput } from '../kernel/operations/check-password.ts'
import { checkPassword } from '../kernel/operations/check-password.ts'
import { endSession } from '../kernel/operations/end-session.ts'
import type { Reason, Refusal } from '../kernel/refusals.ts'
import type { CheckedPassword } from '../kernel/sign-in.ts'
import { busy } from '../passwords/passwords.ts'
import { explain } from '../words/index.ts'
import { sayAccountPath } from './account-paths.ts'
import { isFormToken } from './cookies.ts'
import { dispatch } from './dispatch.ts'
import { noticePage } from './notice.ts'
import type { Desk, PageAnswer, PageRequest } from './page.ts'
import { formOutdated, refusedPage } from './page.ts'
import { findReturn } from './return-to.ts'
import { showSignIn } from './show-sign-in.ts'

/** Hears the sign-in form: a right password begins a new session and leads back to where it was asked for. */
export async function signIn(request: PageRequest, desk: Desk): Promise<PageAnswer> {
  const operation = 'check_password'
  const form = hearBody('form', request.contentType, request.body)
  if ('refusal' in form) return refusedPage(desk, form.refusal, operation)
  const returnTo = form.get('return_to')?.[0]
  const found = findReturn(desk.hubs, returnTo)
  if (returnTo === undefined || !found) return formOutdated(desk, appsPath, operation)
  const isOurs = isFormToken(form.get('form_token')?.[0], desk.cookies.read(request.cookies, 'form'))
  if (!isOurs || request.isCrossSite || !desk.ways.password) return formOutdated(desk, returnTo, operation)

  const username = form.get('username')?.[0] ?? ''
  const outcome = await checkSignIn(request, desk, username, form.get('password')?.[0] ?? '')
  if ('reason' in outcome) {
    const { reason, retryAfterSeconds } = outcome
    const wrong = { text: textOf(outcome, desk), username, status: statuses[reason] ?? 403 }
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

const statuses: Partial<Record<Reason, number>> = {
  too_many_attempts: 429,
  sign_in_locked: 429,
  contended: 503,
}

/** Who has to wait is told how long, and of the way that is open all the same. */
function textOf({ reason, retryAfterSeconds = 0 }: Refusal, { place, ways }: Desk): string {
  if (statuses[reason] !== 429) return explain(place.words, reason)
  return place.words.signIn.wait(Math.max(1, Math.ceil(retryAfterSeconds / 60)), ways.provider?.at.name)
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
  request: PageRequest,
  desk: Desk,
  username: string,
  password: string,
): Promise<{ readonly sessionSecret: string } | Refusal> {
  const { addressAttempts } = desk
  const { address } = request
  // Counted before anything is waited for: many at once count, too. Only a wrong password stays counted.
  const begun = addressAttempts.begin(address)
  if (begun === 'full') return busy
  if (begun === 'spent') {
    return { reason: 'too_many_attempts', retryAfterSeconds: addressAttempts.secondsLeft() }
  }
  let isWrong = false
  try {
    const outcome = await checkPasswordOf({ request, desk, username, password })
    isWrong = 'reason' in outcome && outcome.reason === 'password_wrong'
    return outcome
  } finally {
    addressAttempts.end(address, isWrong)
  }
}

type Trying = {
  readonly request: PageRequest
  readonly desk: Desk
  readonly username: string
  readonly password: string
}

/** A session for a right password, or why there is none. */
async function checkPasswordOf(trying: Trying): Promise<{ readonly sessionSecret: string } | Refusal> {
  const { world, passwords } = trying.desk.services
  const answer = await passwords.check(trying, (checked) =>
    perform(checkPassword, inputOf(trying, checked), world),
  )
  return 'refused' in answer ? answer.refused : answer.granted
}

const inputOf = ({ request, desk, username }: Trying, checked: CheckedPassword): PasswordInput => ({
  ...checked,
  username,
  sessionSecret: desk.cookies.read(request.cookies, 'session'),
  requestId: request.id,
  address: request.address,
  userAgent: request.userAgent,
  language: desk.place.language,
})
