/** Signing in at the operator's own provider: the way there, and what becomes of whoever comes back. */
import { hearBody, hearForm } from '../http/parameters.ts'
import { perform } from '../kernel/kernel.ts'
import { signInWithProvider } from '../kernel/operations/sign-in-with-provider.ts'
import type { Reason } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import { neededClaims, providedUser } from '../provider/claims.ts'
import type { WaysToSignIn } from '../provider/open-provider.ts'
import type { Asked, Trip } from '../provider/provider.ts'
import { tripMilliseconds } from '../provider/provider.ts'
import { sealTrip, unsealTrip } from '../provider/trips.ts'
import { explain } from '../words/index.ts'
import { sayAccountPath } from './account-paths.ts'
import { isFormToken } from './cookies.ts'
import { hearAtHub } from './hear-authorization.ts'
import { noticePage } from './notice.ts'
import type { Desk, PageAnswer, PageRequest } from './page.ts'
import { formOutdated, refusedPage } from './page.ts'
import type { Return } from './return-to.ts'
import { findReturn } from './return-to.ts'

type Ways = NonNullable<WaysToSignIn['provider']>

/** RFC 6265 §6.1: a browser need not keep a longer cookie, and most do not. */
const cookieBytesMax = 4096

/** Hears the button: the user goes to the provider, and this browser keeps what must come back with them. */
export async function leaveForProvider(request: PageRequest, desk: Desk, { at }: Ways): Promise<PageAnswer> {
  const operation = 'leave_for_provider'
  const { cookies, hubs, services } = desk
  const form = hearBody('form', request.contentType, request.body)
  if ('refusal' in form) return refusedPage(desk, form.refusal, operation)
  const returnTo = form.get('return_to')?.[0]
  const found = findReturn(hubs, returnTo)
  const appsPath = sayAccountPath({ page: 'apps' })
  if (returnTo === undefined || !found) return formOutdated(desk, appsPath, operation)
  const isOurs = isFormToken(form.get('form_token')?.[0], cookies.read(request.cookies, 'form'))
  if (!isOurs || request.isCrossSite) return formOutdated(desk, returnTo, operation)

  const left = await at.begin({ returnTo, asked: askedBy(found, desk) })
  if ('reason' in left) return notSignedIn(desk, at.name, { ...left, operation, returnTo })
  const { ring, now } = services.world.moment()
  const cookie = cookies.set('provider', sealTrip(left.trip, ring, now), tripMilliseconds / 1000)
  // The app's own address fills it: told here, rather than lost by the browser and told as out of date.
  if (cookie.length > cookieBytesMax) return refusedPage(desk, { reason: 'parameter_malformed' }, operation)
  return { status: 303, location: left.location, setCookies: [cookie], noted: { operation } }
}

/** What the app wants of the sign-in is handed on: only the provider knows when its user last signed in. */
function askedBy(found: Return, { services }: Desk): Asked {
  const nothing = { prompt: undefined, maxAgeSeconds: undefined }
  if (found.to !== 'authorization') return nothing
  const heard = hearAtHub(found.hub, found.query, services.world.moment())
  return 'refusal' in heard ? nothing : heard.signIn
}

/** Hears who comes back: only the browser that was sent, once, and with what it was sent with. */
export async function finishAtProvider(
  request: PageRequest,
  desk: Desk,
  { at, mapping }: Ways,
): Promise<PageAnswer> {
  const operation = 'sign_in_with_provider'
  const { cookies, place, services } = desk
  const trip = tripOf(request, desk)
  if (!trip) return notSignedIn(desk, at.name, { reason: 'sign_in_outdated', operation })
  const spent = cookies.clear('provider')
  const refused = (reason: Reason, problem?: string): PageAnswer => ({
    ...notSignedIn(desk, at.name, { reason, problem, operation, returnTo: trip.returnTo }),
    setCookies: [spent],
  })

  const said = await at.finish(trip, request.query, neededClaims(mapping))
  if ('reason' in said) return refused(said.reason, said.problem)
  const provided = providedUser(said.claims, mapping)
  if (!provided) return refused('provider_answer_invalid', 'claim_missing')
  const { address, userAgent, id } = request
  const input = {
    provided,
    by: mapping.user,
    unknownUsers: mapping.unknownUsers,
    sessionSecret: cookies.read(request.cookies, 'session'),
    address,
    userAgent,
    language: place.language,
    actor: { actor: 'provider', address, requestId: id },
  }
  const answer = await perform(signInWithProvider, input, services.world)
  if ('refused' in answer) return refused(answer.refused.reason)
  return {
    status: 303,
    location: place.base + trip.returnTo,
    // Always a new one: a session that somebody put into the browser before is not gone on with.
    setCookies: [cookies.set('session', answer.granted.sessionSecret), cookies.clear('form'), spent],
    noted: { operation },
  }
}

/**
 * The trip that this browser is on, where the query is the one that it comes back with. RFC 9700 §4.7.1: else
 * a stranger's link would sign a user in as that stranger.
 */
function tripOf({ cookies: header, query }: PageRequest, { cookies, services }: Desk): Trip | undefined {
  const sealed = cookies.read(header, 'provider')
  if (sealed === undefined) return undefined
  const { ring, now } = services.world.moment()
  const trip = unsealTrip(sealed, ring, now)
  const heard = hearForm(query)
  if (!trip || 'refusal' in heard) return undefined
  const [state, another] = heard.get('state') ?? []
  return state === trip.state && another === undefined ? trip : undefined
}

type NotSignedIn = {
  readonly reason: Reason
  readonly problem?: string | undefined
  readonly operation: string
  /** Absent: this browser has not begun it, so nobody knows where it would lead. */
  readonly returnTo?: string
}

type ProblemWords = Partial<Record<Reason, (provider: string, operator: string) => string>>

/** What only the operator can put right. */
const forSupport: readonly Reason[] = ['user_unknown', 'user_ambiguous', 'provider_answer_invalid']

/** Why nobody is signed in, with a way to try again. */
function notSignedIn(
  { place }: Desk,
  provider: string,
  { reason, problem, operation, returnTo }: NotSignedIn,
): PageAnswer {
  const { status } = refusals[reason]
  const { notices, provider: words } = place.words
  const link = returnTo === undefined ? undefined : { path: returnTo, label: notices.tryAgain }
  const problems: ProblemWords = words.problems
  const text = problems[reason]?.(provider, place.brand.name) ?? explain(place.words, reason)
  return {
    // As everywhere on the pages: 401 would want a way to prove who the client is.
    status: status === 401 ? 400 : status,
    page: noticePage({
      place,
      title: words.title,
      text,
      isError: true,
      link,
      isForSupport: forSupport.includes(reason),
    }),
    ...(status === 503 && { retryAfterSeconds: 1 }),
    noted: { operation, reason, ...(problem !== undefined && { problem }) },
  }
}
