/** The sign-in page as every page that needs a user shows it. */
import { formToken } from './cookies.ts'
import type { Desk, PageAnswer, PageRequest } from './page.ts'
import { signInPage } from './sign-in.ts'

/** What was wrong with the form that led here. */
export type Wrong = { readonly text: string; readonly username?: string; readonly status: number }

export type SigningIn = {
  /** Our own path and query, to which the form leads back. */
  readonly returnTo: string
  /** Absent: the user comes for the account's pages, not from an app. */
  readonly appName?: string
  /** Where a form of this page may end, beside this server. */
  readonly formTargets?: readonly string[]
  readonly wrong: Wrong | undefined
  readonly noted: PageAnswer['noted']
}

/** Asks the user to sign in. The form is tied to this browser by a cookie of its own. */
export function showSignIn(
  request: PageRequest,
  { cookies, place, services, ways }: Desk,
  { returnTo, appName, formTargets = [], wrong, noted }: SigningIn,
): PageAnswer {
  const known = cookies.read(request.cookies, 'form')
  const cookie = known ?? Buffer.from(services.world.moment().random(32)).toString('base64url')
  return {
    status: wrong?.status ?? 200,
    page: signInPage({
      place,
      appName,
      returnTo,
      formToken: formToken(cookie),
      username: wrong?.username ?? '',
      error: wrong?.text,
      password: ways.password,
      provider: ways.provider?.at.name,
      passwordPage: ways.passwordPage,
    }),
    formTargets: ways.provider ? [...formTargets, ways.provider.at.issuer] : formTargets,
    setCookies: known === undefined ? [cookies.set('form', cookie)] : [],
    noted,
  }
}
