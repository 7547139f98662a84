/** An operator's own identity provider: a real one, on the loopback, that asks its users nothing. */
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { generateKeyPair } from '../keys/key-pair.ts'

/** What of the provider's interface is used here; it declares no types. */
type Grant = { addOIDCScope(scope: string): void; save(): Promise<string> }
type Context = {
  readonly oidc: {
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
  }
}
type Provider = {
  readonly Grant: new (payload: object) => Grant
  interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  callback(): RequestListener
}
// Without its types, TypeScript would refuse the import.
const { Provider } = (await import('oidc-provider' as string)) as {
  Provider: new (issuer: string, configuration: object) => Provider
}

export type IdentityProvider = {
  readonly issuer: string
  /** Who sits before the browser: `sub`, and what the provider says of them. Absent: they refuse. */
  user: (Readonly<Record<string, unknown>> & { readonly sub: string }) | undefined
  /** The queries of all authorization requests. */
  readonly asked: URLSearchParams[]
  /** Goes there as a browser with these cookies would, up to where it is sent back to. */
  visit(location: string, cookies?: Map<string, string>): Promise<string>
  close(): Promise<void>
}

export const providerClient = { id: 'tokenferry', secret: 'a secret of the test' } as const

const scopes = 'openid profile email'

/** Starts one. `redirectUri` is the address to which it sends users back. */
export async function identityProvider(
  redirectUri: string,
  port = 0,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<IdentityProvider> {
  let listener: RequestListener = (_request, response) => response.destroy()
  const server = createServer((request, response) => listener(request, response))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const provider: Provider = new Provider(
    issuer,
    configurationOf(redirectUri, (sub) => told(sub), changes),
  )
  const answers = provider.callback()

  listener = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer)
    if (pathname === '/auth') at.asked.push(searchParams)
    if (!pathname.startsWith('/interaction/')) return answers(request, response)
    const result = at.user ? { login: { accountId: at.user.sub } } : { error: 'access_denied' }
    provider.interactionFinished(request, response, result).catch(() => response.destroy())
  }

  const told = (sub: string): object => ({ ...at.user, sub })
  const at: IdentityProvider = {
    issuer,
    user: { sub: 'nobody' },
    asked: [],
    visit: (location, cookies = new Map()) => walk(location, redirectUri, cookies),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return at
}

const configurationOf = (
  redirectUri: string,
  told: (sub: string) => object,
  changes: Readonly<Record<string, unknown>>,
) => ({
  clients: [
    { client_id: providerClient.id, client_secret: providerClient.secret, redirect_uris: [redirectUri] },
  ],
  jwks: { keys: [signingKey()] },
  cookies: { keys: ['cookies of the test'] },
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'preferred_username', 'locale'],
  },
  findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => told(sub) }),
  interactions: { url: (_context: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
  features: { devInteractions: { enabled: false } },
  // Whoever signs in allows Tokenferry to know who they are.
  async loadExistingGrant({ oidc }: Context & { oidc: { provider: Provider } }) {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    })
    grant.addOIDCScope(scopes)
    await grant.save()
    return grant
  },
  ...changes,
})

const signingKey = () => ({
  ...generateKeyPair('RS256').privateKey.export({ format: 'jwk' }),
  alg: 'RS256',
  use: 'sig',
})

const stepsMax = 10

async function walk(location: string, until: string, cookies: Map<string, string>): Promise<string> {
  let next = location
  for (let step = 0; step < stepsMax; step += 1) {
    if (next.startsWith(`${until}?`)) return next
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) keep(line, cookies)
    const onwards = answer.headers.get('location')
    if (onwards === null) throw new Error(`${answer.status} at ${next}: ${await answer.text()}`)
    next = new URL(onwards, next).href
  }
  throw new Error(`The provider leads round in circles, last to ${next}.`)
}

function keep(line: string, cookies: Map<string, string>): void {
  const [pair = ''] = line.split(';')
  const at = pair.indexOf('=')
  const value = pair.slice(at + 1)
  if (value === '') cookies.delete(pair.slice(0, at))
  else cookies.set(pair.slice(0, at), value)
}
