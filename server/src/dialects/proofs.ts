/**
 * Ways in which a client says who it is (RFC 6749 §2.3). A dialect's endpoint names one, or writes its own.
 */
import type { AccessClaims } from '../kernel/access-token.ts'
import type { AuthenticateInput } from '../kernel/operations/authenticate-client.ts'
import type { Reason, Refusal } from '../kernel/refusals.ts'

/**
 * What a proof may look at. Parameters were found to be there once and well-formed; empty ones are absent.
 */
export type Presented = {
  readonly parameters: ReadonlyMap<string, string>
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly path: Readonly<Record<string, string>>
  /** The client of an application token (client_credentials) of this mount; `undefined` where it is none. */
  clientOfToken(token: string): string | undefined
  /** What an access token of this mount says of a user or company, within its time; else `undefined`. */
  subjectOfToken(token: string): AccessClaims | undefined
}

export type Shown = Omit<AuthenticateInput, 'dialect'> | { readonly refusal: Refusal }
export type Proof = (presented: Presented) => Shown

const refused = (reason: Reason, parameter?: string): Shown => ({
  refusal: parameter === undefined ? { reason } : { reason, parameter },
})

/**
 * `client_id` and, where it has one, `client_secret` among the parameters; under other names where a dialect
 * has them.
 */
export const inBody =
  (names: { readonly id?: string; readonly secret?: string } = {}): Proof =>
  ({ parameters }) => {
    const clientId = parameters.get(names.id ?? 'client_id')
    if (clientId === undefined) return refused('client_id_missing', names.id ?? 'client_id')
    return { clientId, secret: parameters.get(names.secret ?? 'client_secret'), proof: 'required' }
  }

/** HTTP Basic, else the body: RFC 6749 §2.3.1, where a client must not use both. */
export const basicOrBody: Proof = (presented) => {
  const header = presented.headers.authorization
  if (typeof header !== 'string') return inBody()(presented)
  const basic = hearBasic(header)
  if (!basic) return refused('client_unproven')
  const { parameters } = presented
  if (parameters.has('client_secret')) return refused('client_proof_repeated', 'client_secret')
  if ((parameters.get('client_id') ?? basic.clientId) !== basic.clientId) {
    return refused('client_proof_repeated', 'client_id')
  }
  return { ...basic, proof: 'required' }
}

/** The client's name alone: on a leg where the dialect asks for no proof. */
export const named =
  (...names: readonly string[]): Proof =>
  ({ parameters }) => {
    const clientId = names.map((name) => parameters.get(name)).find((value) => value !== undefined)
    if (clientId === undefined) return refused('client_id_missing', names[0])
    return { clientId, secret: undefined, proof: 'none' }
  }

/**
 * Whoever bears an access token of a user or company (RFC 6750 §2.1) speaks for its client, which proves
 * nothing by it. Whether the token is still good, the operation says: it alone knows the grant.
 */
export const byAccessToken: Proof = ({ headers, subjectOfToken }) => {
  const token = hearBearer(headers.authorization)
  const clientId = token === undefined ? undefined : subjectOfToken(token)?.clientId
  if (clientId === undefined) return refused('access_token_invalid')
  return { clientId, secret: undefined, proof: 'token' }
}

/** RFC 6749 §2.3.1: both halves are form-encoded before they are put together; many clients forget. */
function hearBasic(header: string): { clientId: string; secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { clientId: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** `Authorization: Bearer …` (RFC 6750 §2.1). */
export function hearBearer(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? /^bearer +([!-~]+)$/i.exec(header)?.[1] : undefined
}
