/** The pages' routes: an authorize page for each dialect that has one, signing in and out, the stylesheet. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Mount } from '../http/answer.ts'
import { reasonOfFailure } from '../http/failures.ts'
import type { WaysToSignIn } from '../provider/open-provider.ts'
import { callbackPath } from '../provider/open-provider.ts'
import { requestPolicies } from '../request-mounts.ts'
import { hearAccountForm, showAccount } from './account.ts'
import { nothingHere } from './account-visit.ts'
import { addressAttempts } from './address-attempts.ts'
import { cookies } from './cookies.ts'
import { decide, dispatch } from './dispatch.ts'
import type { Place } from './layout.ts'
import { logos } from './logos.ts'
import type { Desk, PageAnswer, PageRequest, PagesServices } from './page.ts'
import { hubsOf, refusedPage } from './page.ts'
import type { PlaceOptions } from './places.ts'
import { placesOf } from './places.ts'
import { prefersHtml } from './prefers-html.ts'
import { finishAtProvider, leaveForProvider } from './provider-sign-in.ts'
import { showSignedOut, showSigningIn, signIn, signOut } from './sessions.ts'
import { stylesheetOf } from './styles.ts'

export type PagesOptions = PlaceOptions & {
  readonly mounts: readonly Mount[]
  readonly services: PagesServices
  readonly ways: WaysToSignIn
  readonly signInFailuresPerMinuteMax: number
}

type Handler = (request: PageRequest, desk: Desk) => PageAnswer | Promise<PageAnswer>

/** The desk in the language of a request. */
type DeskFor = (request: FastifyRequest) => Desk

export type Pages = {
  readonly routes: (app: FastifyInstance) => void
  /** For addresses at which there is nothing: a page, where it is a person who asks. */
  readonly nowhere: (request: FastifyRequest, raw: FastifyReply) => FastifyReply | undefined
}

export function pages(options: PagesOptions): Pages {
  const deskFor = deskOf(options)
  return {
    routes: (app) => routes(app, deskFor, options),
    nowhere(request, raw) {
      const isQuestion = request.method === 'GET' || request.method === 'HEAD'
      if (!isQuestion || !prefersHtml(request.headers.accept)) return undefined
      const desk = deskFor(request)
      const isRoot = heard(request).path === '/'
      const answer = isRoot ? showSigningIn(desk) : { ...nothingHere(desk), noted: pathUnknown }
      return send(request, raw, answer, { desk, isForPeopleOnly: true })
    },
  }
}

function routes(app: FastifyInstance, deskFor: DeskFor, options: PagesOptions): void {
  const stylesheet = stylesheetOf(options.brand.colours)
  // A scope of its own: what goes wrong on a page is told on a page, not in a dialect's JSON.
  void app.register(async (scope) => {
    scope.setErrorHandler((error, request, raw) => fail(error, request, raw, deskFor(request)))
    for (const hub of hubsOf(options.mounts)) {
      route(scope, deskFor, hub.path, hub.mount, {
        GET: (request, desk) => dispatch(request, hub, request.query, desk),
        POST: (request, desk) => decide(request, hub, desk),
      })
    }
    route(scope, deskFor, '/sign-in', undefined, {
      GET: (_request, desk) => showSigningIn(desk),
      POST: (request, desk) => signIn(request, desk),
    })
    const { provider } = options.ways
    if (provider) {
      route(scope, deskFor, '/sign-in/provider', undefined, {
        GET: (_request, desk) => showSigningIn(desk),
        POST: (request, desk) => leaveForProvider(request, desk, provider),
      })
      route(scope, deskFor, callbackPath, undefined, {
        GET: (request, desk) => finishAtProvider(request, desk, provider),
        POST: (_request, desk) => refusedPage(desk, { reason: 'method_not_allowed' }),
      })
    }
    route(scope, deskFor, '/sign-out', undefined, {
      GET: (request, desk) => showSignedOut(request, desk),
      POST: (request, desk) => signOut(request, desk),
    })
    for (const path of ['/account', '/account/*']) {
      route(scope, deskFor, path, undefined, { GET: showAccount, POST: hearAccountForm })
    }
    logos(options.services.world.store)(scope)
    scope.get('/assets/pages.css', { exposeHeadRoute: true }, (_request, raw) =>
      raw
        .header('content-type', 'text/css; charset=utf-8')
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('x-content-type-options', 'nosniff')
        .send(stylesheet.text),
    )
  })
}

function deskOf(options: PagesOptions): DeskFor {
  const { mounts, services, publicUrl, ways } = options
  const { protocol } = new URL(publicUrl)
  const placeFor = placesOf(options)
  const shared = {
    services,
    hubs: hubsOf(mounts),
    requestPolicies: requestPolicies(mounts),
    cookies: cookies(protocol === 'https:'),
    addressAttempts: addressAttempts(services.signInFailures, options.signInFailuresPerMinuteMax),
    ways,
  }
  return ({ headers }) => ({ ...shared, place: placeFor(headers['accept-language']) })
}

function route(
  scope: FastifyInstance,
  deskFor: DeskFor,
  path: string,
  mount: Mount | undefined,
  handlers: { readonly GET: Handler; readonly POST: Handler },
): void {
  const dialect = mount?.dialect.name
  scope.all(path, mount ? { config: { mount } } : {}, async (request, raw) => {
    // RFC 9110 §9.3.2: HEAD is told what GET is; Node leaves the body out.
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const desk = deskFor(request)
    if (await desk.services.closed()) {
      return send(request, raw, refusedPage(desk, { reason: 'state_behind' }), { desk, dialect })
    }
    if (method === 'GET' || method === 'POST') {
      return send(request, raw, await handlers[method](heard(request), desk), { desk, dialect })
    }
    raw.header('allow', 'GET, HEAD, POST')
    return send(request, raw, refusedPage(desk, { reason: 'method_not_allowed' }), { desk, dialect })
  })
}

function heard(request: FastifyRequest): PageRequest {
  const url = request.raw.url ?? ''
  const at = url.indexOf('?')
  const site = request.headers['sec-fetch-site']
  return {
    id: request.id,
    address: request.ip,
    path: at < 0 ? url : url.slice(0, at),
    query: at < 0 ? '' : url.slice(at + 1),
    cookies: request.headers.cookie,
    userAgent: request.headers['user-agent']?.slice(0, 300),
    contentType: request.headers['content-type'],
    body: request.body instanceof Buffer ? request.body : undefined,
    isCrossSite: site === 'cross-site' || site === 'same-site',
  }
}

async function fail(error: unknown, request: FastifyRequest, raw: FastifyReply, desk: Desk) {
  const reason = await reasonOfFailure(error, request)
  return reason === 'aborted' ? raw.hijack() : send(request, raw, refusedPage(desk, { reason }), { desk })
}

function send(
  request: FastifyRequest,
  raw: FastifyReply,
  answer: PageAnswer,
  { desk, dialect, isForPeopleOnly }: Sending,
): FastifyReply {
  request.log.info({
    request_id: request.id,
    address: request.ip,
    status: answer.status,
    ...(dialect !== undefined && { dialect }),
    ...answer.noted,
    ms: Math.round(raw.elapsedTime * 100) / 100,
  })
  raw.status(answer.status).headers(headersOf(answer.formTargets))
  if (answer.setCookies?.length) raw.header('set-cookie', [...answer.setCookies])
  if (answer.retryAfterSeconds !== undefined) raw.header('retry-after', String(answer.retryAfterSeconds))
  if (answer.allow !== undefined) raw.header('allow', answer.allow)
  if (answer.location !== undefined) raw.header('location', answer.location)
  const { vary, ...language } = languageHeaders(desk.place)
  // Programs get something else at the same address.
  raw.header('vary', isForPeopleOnly ? `Accept, ${vary}` : vary)
  if (answer.page === undefined) return raw.send()
  return raw.headers(language).header('content-type', 'text/html; charset=utf-8').send(answer.page.html)
}

const pathUnknown = { reason: 'path_unknown' } as const

type Sending = {
  readonly desk: Desk
  readonly dialect?: string | undefined
  readonly isForPeopleOnly?: boolean
}

/** The same address speaks another language to another browser (RFC 9110 §12.5.5). */
export const languageHeaders = ({ language }: Place) => ({
  'content-language': language,
  vary: 'Accept-Language',
})

/** RFC 9700 §4.16: no page of ours stands in another's frame; and nothing runs, loads or is kept. */
export const headersOf = (formTargets: readonly string[] = []): Record<string, string> => ({
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    ['form-action', ...new Set(["'self'", ...formTargets.flatMap(sourcesOf)])].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  // RFC 9700 §4.2.4: the address of an authorization request is nobody else's business.
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
})

/**
 * What `form-action` must allow beside this server. Chromium holds every redirect that follows a form to it,
 * those that the app or the provider makes on its own sites included: a user would press Allow, and nothing
 * would happen. So it is the scheme of the address, not its origin.
 */
function sourcesOf(target: string): readonly string[] {
  const { protocol } = new URL(target)
  return protocol === 'http:' ? ['http:', 'https:'] : [protocol]
}
