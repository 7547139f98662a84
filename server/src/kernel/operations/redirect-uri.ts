/** Addresses to which an answer may go, and no others. */
import type { Client } from '../records.ts'
import type { AuthorizationRequest, AuthorizationRules } from './authorization.ts'

/** Where the user is sent back to; `undefined` where the client has registered no such address. */
export function redirectUriOf(
  client: Client,
  { redirectUri }: AuthorizationRequest,
  rules: AuthorizationRules,
): string | undefined {
  if (redirectUri === undefined) {
    return rules.redirectUri === 'optional' && client.redirectUris.length === 1
      ? client.redirectUris[0]
      : undefined
  }
  // RFC 9700 §2.1: exactly as registered, but for the port of an app on the user's own machine.
  const registered = client.redirectUris.some(
    (uri) => uri === redirectUri || (client.type === 'public' && sameLoopback(uri, redirectUri)),
  )
  return registered ? redirectUri : undefined
}

/** RFC 8252 §7.3: an app on the user's machine listens on whatever port it gets. */
function sameLoopback(registered: string, asked: string): boolean {
  const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::\d{1,5})?(\/.*)?$/
  const [one, other] = [loopback.exec(registered), loopback.exec(asked)]
  // Five digits can be more than a port: nobody could be sent back there.
  if (!URL.canParse(asked)) return false
  return one !== null && other !== null && one[1] === other[1] && (one[2] ?? '/') === (other[2] ?? '/')
}
