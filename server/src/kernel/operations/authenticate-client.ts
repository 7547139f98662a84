import { grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Client } from '../records.ts'
import type { Reason } from '../refusals.ts'
import type { RingVersion } from '../ring.ts'
import { equal, findVersion, hmac } from '../ring.ts'

export type AuthenticateInput = {
  /** The client id, or an identifier of the old world. */
  readonly clientId: string
  readonly secret: string | undefined
  /** The dialect of the mount: it serves only its own clients. */
  readonly dialect: string
  /**
   * Whether a confidential client may go without its proof here (Clover's first leg, its refresh). `token`:
   * a token of its names it, and proves nothing.
   */
  readonly proof: 'required' | 'optional' | 'none' | 'token'
  /** The identifier of the old world that stands in the path, where one does: it must be this client's. */
  readonly pathIdentifier?: string | undefined
}

export type AuthenticateFacts = {
  readonly client: Client | undefined
  /** Whose identifier stands in the path. */
  readonly pathClient: Client | undefined
}

export type Authenticated = { readonly client: Client; readonly proven: boolean }

/**
 * Finds the client and checks its proof (RFC 6749 §2.3). Secrets are 256 random bits, kept as an HMAC under
 * the ring: a slow hash would buy nothing but a queue. Several may be alive at once, so that rotating one
 * stops nobody.
 */
export const authenticateClient: Operation<AuthenticateInput, AuthenticateFacts, Authenticated> = {
  async look(store, { clientId, pathIdentifier }) {
    const [client, pathClient] = await Promise.all([
      store.recallClient(clientId),
      pathIdentifier === undefined ? undefined : store.findClient(pathIdentifier),
    ])
    return { client, pathClient }
  },

  decide(input, { client, pathClient }, moment) {
    const { dialect, pathIdentifier, proof } = input
    if (!client || client.dialect !== dialect) {
      // The token's, which names a client of another mount; whoever bears it has named none.
      return refuse(proof === 'token' ? 'access_token_invalid' : 'client_unknown')
    }
    const proven = prove(input, client, moment)
    if (typeof proven === 'string') return refuse(proven)
    if (pathIdentifier !== undefined) {
      if (!pathClient || pathClient.dialect !== dialect) return refuse('path_client_unknown')
      if (pathClient.id !== client.id) return refuse('path_client_of_other')
    }
    return granted({ client, proven })
  },
}

/** Whether the client proved itself, or why it may not go on. */
function prove(
  { secret, proof }: AuthenticateInput,
  client: Client,
  { ring, now }: Moment,
): boolean | Reason {
  if (proof === 'none' || proof === 'token') return false
  if (secret === undefined) {
    return client.type === 'public' || proof === 'optional' ? false : 'client_secret_missing'
  }
  // A public client has no secret, so whatever it sends is not one.
  const alive = client.secrets.filter(({ expires }) => expires === undefined || expires > now)
  let unknownVersion = false
  for (const { hmac: stored, keyVersion } of alive) {
    const version = findVersion(ring, keyVersion)
    if (!version) unknownVersion ||= !ring.destroyed.has(keyVersion)
    else if (equal(secretHmac(version, secret), stored)) return true
  }
  return unknownVersion ? 'key_version_unknown' : 'client_unproven'
}

export const secretHmac = (version: RingVersion, secret: string): Buffer => hmac(version.keys.secret, secret)
