/** What the pages' handlers hear and answer, apart from any framework; `routes.ts` carries it. */
import type { AuthorizePage } from '../dialects/dialect.ts'
import type { Mount, Services } from '../http/answer.ts'
import type { Policies } from '../kernel/operations/make-request-token.ts'
import type { Reason, Refusal } from '../kernel/refusals.ts'
import { refusals } from '../kernel/refusals.ts'
import type { WaysToSignIn } from '../provider/open-provider.ts'
import { explain } from '../words/index.ts'
import type { AddressAttempts } from './address-attempts.ts'
import type { Cookies } from './cookies.ts'
import type { Html } from './html.ts'
import type { Place } from './layout.ts'
import { noticePage } from './notice.ts'

export type PageRequest = {
  readonly id: string
  readonly address: string
  /** As it was sent, not decoded. */
  readonly path: string
  readonly query: string
  readonly cookies: string | undefined
  /** As the browser names itself, cut short. */
  readonly userAgent: string | undefined
  readonly contentType: string | undefined
  readonly body: Buffer | undefined
  /** Whether the browser says that another site sent the form. */
  readonly isCrossSite: boolean
}

export type PageAnswer = {
  readonly status: number
  readonly page?: Html
  readonly location?: string
  readonly setCookies?: readonly string[]
  readonly retryAfterSeconds?: number
  /** The methods that would be right, where this one is not. */
  readonly allow?: string
  /** Addresses of others at which a form of this page may end: the app's, the provider's. */
  readonly formTargets?: readonly string[]
  /** For the log. */
  readonly noted: {
    readonly operation?: string
    readonly reason?: Reason
    readonly client?: string
    /** What the provider's trouble is called, in its words or the library's. */
    readonly problem?: string
  }
}

/** What the pages need of the server's services. */
export type PagesServices = Pick<
  Services,
  'world' | 'limits' | 'policies' | 'passwords' | 'signInFailures' | 'signIdentity' | 'closed'
>

/** An authorize page under its mount: every form leads back to its path. */
export type Hub = { readonly mount: Mount; readonly page: AuthorizePage; readonly path: string }

/** What the handlers work with, for one request. */
export type Desk = {
  readonly services: PagesServices
  readonly hubs: readonly Hub[]
  /** Of the mounts at which apps ask with a request token. */
  readonly requestPolicies: Policies
  /** With the words of the request's language. */
  readonly place: Place
  readonly cookies: Cookies
  readonly addressAttempts: AddressAttempts
  readonly ways: WaysToSignIn
}

export const hubsOf = (mounts: readonly Mount[]): readonly Hub[] =>
  mounts.flatMap((mount) => {
    const page = mount.dialect.authorize
    return page ? [{ mount, page, path: mount.prefix + page.path }] : []
  })

/** A refusal that only the user can be told. */
export function refusedPage({ place }: Desk, { reason }: Refusal, operation?: string): PageAnswer {
  const { status } = refusals[reason]
  const { words } = place
  return {
    // Who the client is was not asked by the browser: 401 would want a way to prove it.
    status: status === 401 || status === 403 ? 400 : status,
    page: noticePage({
      place,
      title: words.notices.refused.title,
      text: explain(words, reason),
      isError: true,
    }),
    ...(status === 503 && { retryAfterSeconds: 1 }),
    noted: operation === undefined ? { reason } : { operation, reason },
  }
}

/** A form that this browser was not shown, or whose session is over (RFC 9700 §4.7). */
export function formOutdated({ place }: Desk, returnTo: string | undefined, operation: string): PageAnswer {
  const { formOutdated: outdated, tryAgain } = place.words.notices
  const link = returnTo === undefined ? undefined : { path: returnTo, label: tryAgain }
  return {
    status: 403,
    page: noticePage({ place, ...outdated, isError: true, link }),
    noted: { operation, reason: 'parameter_malformed' },
  }
}
