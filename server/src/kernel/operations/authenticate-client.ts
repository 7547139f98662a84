import { grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Client } from '../records.ts'
import type { RingVersion } from '../ring.ts'
import { equal, findVersion, hmac } from '../ring.ts'

export type AuthenticateInput = {
  /** The client id, or an identifier of the old world. */
  readonly clientId: string
  readonly secret: string | undefined
  /** The dialect of the mount: it serves only its own clients. */
  readonly dialect: string
  /** Whether a confidential client may go without its proof here (Clover's first leg, its refresh). */
  readonly proof: 'required' | 'optional' | 'none'
}

export type Authenticated = { readonly client: Client; readonly proven: boolean }

/**
 * Finds the client and checks its proof (RFC 6749 §2.3). Secrets are 256 random bits, kept as an HMAC under the ring:
 * a slow hash would buy nothing but a queue. Several may be alive at once, so that rotating one stops nobody.
 */
export const authenticateClient: Operation<AuthenticateInput, Client | undefined, Authenticated> = {
  look: (store, { clientId }) => store.findClient(clientId),

  decide({ dialect, secret, proof }, client, { ring, now }) {
    if (!client || client.dialect !== dialect) return refuse('client_unknown')
    if (proof === 'none') return granted({ client, proven: false })
    if (secret === undefined) {
      if (client.type === 'public' || proof === 'optional') return granted({ client, proven: false })
      return refuse('client_secret_missing')
    }
    // A public client has no secret, so whatever it sends is not one.
    const alive = client.secrets.filter(({ expires }) => expires === undefined || expires > now)
    let unknownVersion = false
    for (const { hmac: stored, keyVersion } of alive) {
      const version = findVersion(ring, keyVersion)
      if (!version) unknownVersion ||= !ring.destroyed.has(keyVersion)
      else if (equal(secretHmac(version, secret), stored)) return granted({ client, proven: true })
    }
    return refuse(unknownVersion ? 'key_version_unknown' : 'client_unproven')
  },
}

export const secretHmac = (version: RingVersion, secret: string): Buffer => hmac(version.keys.secret, secret)
