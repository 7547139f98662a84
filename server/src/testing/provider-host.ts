/** A deployment whose users sign in at an identity provider, and their way there and back. */
import assert from 'node:assert/strict'
import type { TestDeployment } from './deployment.ts'
import { testDeployment } from './deployment.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { providerClient } from './identity-provider.ts'
import type { Visit, Visitor } from './visitor.ts'

const secretName = 'TOKENFERRY_TEST_PROVIDER_SECRET'
process.env[secretName] = providerClient.secret

/** Where the provider sends users back to. */
export const redirectUri = 'http://127.0.0.1:4000/sign-in/callback'

export type ProviderHost = TestDeployment & { readonly hub: string; readonly redirectUri: string }

/** A deployment whose users sign in at this provider. */
export async function providerHost(
  issuer: string,
  changes: Readonly<Record<string, unknown>> = {},
  signIn: Readonly<Record<string, unknown>> = {},
): Promise<ProviderHost> {
  const provider = {
    name: 'Acme ID',
    issuer,
    client_id: providerClient.id,
    client_secret: `env:${secretName}`,
    ...changes,
  }
  const host = await testDeployment({
    mounts: ['code'],
    config: { sign_in: { password: false, provider, ...signIn } },
  })
  const section = host.sections.code as unknown as Readonly<Record<string, string>> // Only texts are read.
  const hub = `/code/oauth2/authorize?${new URLSearchParams({
    client_id: section.client_id ?? '',
    redirect_uri: section.redirect_uri ?? '',
    response_type: 'code',
  })}`
  return { ...host, hub, redirectUri: section.redirect_uri ?? '' }
}

/** Somebody who can sign in there, or might. */
export const addUser = (host: TestDeployment, user: { id: string; username?: string; email?: string }) =>
  host.deployment.store.commit([
    {
      write: 'add_user',
      user: {
        username: `name of ${user.id}`,
        email: undefined,
        name: undefined,
        passwordHash: undefined,
        status: 'enabled',
        language: undefined,
        lockedUntil: undefined,
        region: undefined,
        ...user,
      },
    },
  ])

/** Presses the button; the answer leads to the provider. */
export async function leave(host: ProviderHost, user: Visitor, path = host.hub): Promise<Visit> {
  const page = await user.get(path)
  return user.fill(page, /sign-in\/provider/, {})
}

/** An address of ours, as a visitor of the test asks for it. */
export const pathOf = (address: string): string => address.slice('http://127.0.0.1:4000'.length)

/** From the button to where the callback leads. */
export async function signIn(
  host: ProviderHost,
  at: IdentityProvider,
  user: Visitor,
  path = host.hub,
): Promise<Visit> {
  const left = await leave(host, user, path)
  assert.equal(left.status, 303, left.text)
  return user.get(pathOf(await at.visit(left.location ?? '')))
}
