/** `sign_in`: with a password, through the operator's own provider, or either. */
import { z } from 'zod'
import { reference } from './setting-types.ts'

const issuerWords = 'an https address, as the provider says it; http on loopback'
const pageWords = 'an https address of yours where users choose another password'
const scopesWords = 'a list of scopes, openid among them, such as [openid, email]'
const claimWords = 'the name of a claim, such as sub or email'

const provider = z
  .strictObject({
    name: z.string('what users know it by, such as Acme ID').trim().min(1).max(60),
    issuer: z.string(issuerWords).refine(isIssuer, issuerWords),
    client_id: z.string('the id that the provider has given to Tokenferry').min(1),
    client_secret: reference.optional(),
    scopes: z
      .array(z.string(scopesWords).regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, scopesWords), scopesWords)
      .refine((scopes) => scopes.includes('openid'), scopesWords)
      .default(['openid', 'profile', 'email']),
    claim: z.string(claimWords).min(1, claimWords).default('sub'),
    user: z.enum(['id', 'username', 'email']).default('id'),
    unknown_users: z.enum(['refuse', 'create']).default('refuse'),
  })
  // Any other claim may hold an address that its user has typed in, and nobody has verified.
  .refine(({ claim, user }) => user !== 'email' || claim === 'email', {
    path: ['claim'],
    error: 'email where user is email: no other claim is known to be verified',
  })

export const signInSettings = z
  .strictObject({
    password: z.boolean().default(true),
    password_page: z.string(pageWords).refine(isHttps, pageWords).optional(),
    provider: provider.optional(),
  })
  .refine((settings) => settings.password || settings.provider !== undefined, {
    path: ['password'],
    error: 'true where there is no sign_in.provider: else nobody could sign in',
  })
  .prefault({})

export type SignInSettings = z.infer<typeof signInSettings>

function isHttps(text: string): boolean {
  return /^https:\/\/[^\s"<>]+$/.test(text) && URL.canParse(text)
}

/** An issuer has no query and no fragment (OpenID Connect Discovery 1.0 §2). */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[?#]/.test(text)) return false
  const { protocol, hostname, username } = new URL(text)
  if (username !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

const isLoopback = (hostname: string): boolean => ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
