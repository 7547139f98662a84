/** Signing in and out. The one place where a password is heard. */
import { hearBody } from '../http/parameters.ts'
import { perform } from '../kernel/kernel.ts'
import { checkPassword } from '../kernel/operations/check-password.ts'
import { endSession } from '../kernel/operations/end-session.ts'
import { lockSignIn } from '../kernel/operations/lock-sign-in.ts'
import type { Milliseconds, User } from '../kernel/records.ts'
import type { Reason, Refusal } from '../kernel/refusals.ts'
import { lockedUntil, lockOf } from '../kernel/sign-in.ts'
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
  const { attempts, services, verifications } = desk
  const { limits, world } = services
  const { address } = request
  if (limits.isSpent(address)) return { reason: 'too_many_attempts', retryAfterSeconds: limits.secondsLeft() }
  // Counted before anything is waited for: many at once count, too. Only a wrong password stays counted.
  limits.noteGuess(address)
  let isWrong = false
  try {
    const user = await world.store.findUserByUsername(username)
    const { now } = world.moment()
    const lock = lockOf(user, now)
    if (lock) return lock
    if (verifications.isFull()) return busy
    const begun = attempts.begin(username)
    if (begun === 'full') return busy
    if (begun !== 'begun') return lockedUntil(begun.lockedUntil, now)
    const outcome = await checkPasswordOf(user, { request, desk, username, password })
    isWrong = 'reason' in outcome && outcome.reason === 'password_wrong'
    return outcome
  } finally {
    if (!isWrong) limits.forgiveGuess(address)
  }
}

/** As many as there may be are being looked at: in a moment it is known what comes of them. */
const busy: Refusal = { reason: 'contended', retryAfterSeconds: 1 }

type Trying = {
  readonly request: PageRequest
  readonly desk: Desk
  readonly username: string
  readonly password: string
}

/** Verifies a password, and counts what comes of it: too many wrong ones lock the account. */
async function checkPasswordOf(
  user: User | undefined,
  { request, desk, username, password }: Trying,
): Promise<{ readonly sessionSecret: string } | Refusal> {
  const { attempts, cookies, place, services, verifications } = desk
  const { address, userAgent } = request
  let isKnown = false
  try {
    const hash = user?.passwordHash
    const fits = await verifications.take(() => verifyPassword(hash ?? decoyHash, password))
    const sessionSecret = cookies.read(request.cookies, 'session')
    const browser = { sessionSecret, address, userAgent, language: place.language }
    const input = { username, verifiedHash: fits ? hash : undefined, ...browser }
    const answer = await perform(checkPassword, input, services.world)
    if ('granted' in answer) {
      isKnown = true
      attempts.reset(username)
      return { sessionSecret: answer.granted.sessionSecret }
    }
    if (answer.refused.reason !== 'password_wrong') return answer.refused
    isKnown = true
    const until = attempts.fail(username)
    if (until !== undefined && user) await lock(user, until, { request, desk, username })
    return answer.refused
  } finally {
    // Trouble of ours is not held against anybody.
    if (!isKnown) attempts.forgive(username)
  }
}

/** From here on the lock lies in the database, where it holds for all, and can be shown and lifted. */
async function lock(
  { id: userId }: User,
  until: Milliseconds,
  { request, desk, username }: Omit<Trying, 'password'>,
): Promise<void> {
  const { address, id: requestId } = request
  const actor = { actor: 'tokenferry', address, requestId }
  const locked = await perform(lockSignIn, { userId, until, actor }, desk.services.world)
  if ('granted' in locked) desk.attempts.reset(username)
}
