/**
 * The hub. Users arrive here from the app, and come back here after every step; what comes next is asked of
 * the kernel each time, with nothing but the request's own address and the session.
 */
import type { RedirectParameters } from '../dialects/dialect.ts'
import { addressOf } from '../http/answer.ts'
import { hearBody } from '../http/parameters.ts'
import type { Answer } from '../kernel/decision.ts'
import { perform } from '../kernel/kernel.ts'
import type { AuthorizationInput, Destination, Step } from '../kernel/operations/authorization.ts'
import { beginAuthorization } from '../kernel/operations/begin-authorization.ts'
import { decideConsent } from '../kernel/operations/decide-consent.ts'
import type { User } from '../kernel/records.ts'
import { consentPage } from './consent.ts'
import { formToken, isFormToken } from './cookies.ts'
import { hearAtHub } from './hear-authorization.ts'
import type { Desk, Hub, PageAnswer, PageRequest } from './page.ts'
import { formOutdated, refusedPage } from './page.ts'
import type { Wrong } from './show-sign-in.ts'
import { showSignIn } from './show-sign-in.ts'

/** Shows a user what comes next. `query` is the hub's, from the address or from a form's return address. */
export async function dispatch(
  request: PageRequest,
  hub: Hub,
  query: string,
  desk: Desk,
  wrong?: Wrong,
): Promise<PageAnswer> {
  const operation = 'begin_authorization'
  const heard = hearAtHub(hub, query, desk.services.world.moment())
  if ('refusal' in heard) return refusedPage(desk, heard.refusal, operation)
  // A sign-in that failed is shown again, not what an earlier session of this browser would get.
  const sessionSecret = wrong ? undefined : desk.cookies.read(request.cookies, 'session')
  const input = inputOf(hub, heard.request, sessionSecret, request)
  const answer = await perform(beginAuthorization, input, desk.services.world)
  const { state, returnTo } = heard
  return show(answer, { request, hub, query, desk, state, returnTo, operation, wrong })
}

/** Hears the consent page's form. */
export async function decide(request: PageRequest, hub: Hub, desk: Desk): Promise<PageAnswer> {
  const operation = 'decide_consent'
  const { query } = request
  const heard = hearAtHub(hub, query, desk.services.world.moment())
  if ('refusal' in heard) return refusedPage(desk, heard.refusal, operation)
  const form = hearBody('form', request.contentType, request.body)
  if ('refusal' in form) return refusedPage(desk, form.refusal, operation)
  const field = (name: string): string | undefined => form.get(name)?.[0]
  const sessionSecret = desk.cookies.read(request.cookies, 'session')
  const decision = field('decision')
  const isOurs = !request.isCrossSite && isFormToken(field('form_token'), sessionSecret)
  if (!isOurs || (decision !== 'allow' && decision !== 'cancel')) {
    return formOutdated(desk, `${hub.path}?${query}`, operation)
  }
  const organizationId = field('organization')
  const input = {
    ...inputOf(hub, heard.request, sessionSecret, request),
    decision,
    organizationId,
    scopesShown: field('scopes')?.split(' ') ?? [],
    from: { address: request.address, requestId: request.id },
  } as const
  const answer = await perform(decideConsent, input, desk.services.world)
  const { organizationMissing, changed } = desk.place.words.consent
  const isUnchosen = organizationId === undefined && offersOrganizations(answer)
  const wrong = { text: isUnchosen ? organizationMissing : changed, status: 400 }
  const { state, returnTo } = heard
  return show(answer, { request, hub, query, desk, state, returnTo, operation, wrong })
}

const offersOrganizations = (answer: Answer<Step>): boolean =>
  'granted' in answer && answer.granted.next === 'ask' && answer.granted.subjects.length > 1

const inputOf = (
  { mount, page }: Hub,
  request: AuthorizationInput['request'],
  sessionSecret: string | undefined,
  { address }: Pick<PageRequest, 'address'>,
): AuthorizationInput => ({
  request,
  rules: page,
  dialect: mount.dialect.name,
  policy: { ...mount.dialect.policy, ...mount.policy },
  sessionSecret,
  address,
})

type Showing = {
  readonly request: PageRequest
  readonly hub: Hub
  readonly query: string
  readonly desk: Desk
  readonly state: string | undefined
  /** Where signing in leads back to. */
  readonly returnTo: string
  readonly operation: string
  readonly wrong: Wrong | undefined
}

async function show(answer: Answer<Step>, showing: Showing): Promise<PageAnswer> {
  const { hub, desk, state, operation } = showing
  if ('refused' in answer) return refusedPage(desk, answer.refused, operation)
  const step = answer.granted
  const { issuer } = hub.mount
  const noted = { operation, client: step.client.id }
  switch (step.next) {
    case 'refuse': {
      const location = withParameters(step, hub.page.refuse(step.refusal, state, issuer))
      // RFC 9700 §4.12: 303, so that no browser sends a form on to the app.
      return { status: 303, location, noted: { ...noted, reason: step.refusal.reason } }
    }
    case 'answer': {
      const { code, identity, userId, organizationId, region, client } = step
      const said = hub.page.say({
        code,
        // OpenID Connect Core 1.0 §3.3.2.11: its hash binds the code to it.
        idToken: identity && (await desk.services.signIdentity(identity, hub.mount, { code })),
        state,
        issuer,
        clientId: client.id,
        userId,
        organizationId,
        geolocation: addressOf(hub.mount, region),
      })
      return { status: 303, location: withParameters(step, said), noted }
    }
    case 'sign in':
      return showSignIn(showing.request, desk, {
        returnTo: showing.returnTo,
        appName: step.client.name,
        // What was allowed before goes from the form straight on to the app.
        formTargets: [step.redirectUri],
        wrong: showing.wrong,
        noted,
      })
    case 'ask':
      return showConsent(step, showing, noted)
  }
}

type StepTo<Next extends Step['next']> = Extract<Step, { next: Next }>

function showConsent(
  { client, redirectUri, user, scopes, allowedBefore, subjects, denied }: StepTo<'ask'>,
  { request, hub, query, desk, wrong }: Showing,
  noted: PageAnswer['noted'],
): PageAnswer {
  return {
    status: wrong?.status ?? 200,
    page: consentPage({
      place: desk.place,
      app: client,
      redirectHost: hostOf(redirectUri),
      userName: nameOf(user),
      scopes,
      allowedBefore,
      subject: hub.page.subject,
      subjects,
      denied: denied?.reason,
      returnTo: `${hub.path}?${query}`,
      // The step is only asked of somebody with a session.
      formToken: formToken(desk.cookies.read(request.cookies, 'session') ?? ''),
      error: wrong?.text,
    }),
    formTargets: [redirectUri],
    noted,
  }
}

const nameOf = ({ name, username }: User): string =>
  name === undefined || name === '' ? username : `${name} (${username})`

/** A site's host; of an app's own scheme, the scheme. */
function hostOf(redirectUri: string): string {
  const { host, protocol } = new URL(redirectUri)
  return host || protocol.slice(0, -1)
}

/** RFC 6749 §3.1.2: a query that the registered address already has stays. */
function withParameters({ redirectUri, responseMode }: Destination, parameters: RedirectParameters): string {
  const said = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) said.append(name, value)
  if (responseMode === 'fragment') return new URL(`${redirectUri}#${said}`).href
  return new URL(`${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${said}`).href
}
