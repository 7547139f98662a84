import { digitsOf, encodeBase62 } from '../base62.ts'
import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Client, ClientSecret } from '../records.ts'
import { currentVersion } from '../ring.ts'
import { secretHmac } from './authenticate-client.ts'

export type RegisterClientInput = {
  /** Without an id, the server makes one. */
  readonly client: Omit<Client, 'id' | 'status' | 'tokensValidAfter' | 'secrets'> & { readonly id?: string }
  readonly actor: Actor
}

export type Registered = {
  readonly client: Client
  /** In the clear, for this once: what is kept is its HMAC. */
  readonly secret: string | undefined
}

/** Adds a client, and its first secret where it can keep one. */
export const registerClient: Operation<RegisterClientInput, readonly Client[], Registered> = {
  async look(store, { client }) {
    const names = [client.id, ...client.identifiers].filter((name) => name !== undefined)
    const found = await Promise.all(names.map((name) => store.findClient(name)))
    return found.filter((one) => one !== undefined)
  },

  decide({ client: asked, actor }, [taken], moment) {
    if (taken) return refuse({ reason: 'record_exists', parameter: taken.id })
    const client: Client = {
      ...asked,
      id: asked.id ?? makeId(moment),
      status: 'enabled',
      tokensValidAfter: 0,
      secrets: [],
    }
    const added = { write: 'add_client', client, at: moment.now } as const
    const told = event('client_added', moment.now, actor, { clientId: client.id })
    if (client.type === 'public') return granted({ client, secret: undefined }, added, told)
    const { secret, kept } = makeSecret(moment)
    return granted(
      { client: { ...client, secrets: [kept] }, secret },
      added,
      {
        write: 'add_client_secret',
        clientId: client.id,
        secret: kept,
        sealed: undefined,
        created: moment.now,
        othersExpire: undefined,
      },
      told,
    )
  },
}

const idBytes = 12

/** Letters and digits alone: an id is copied into forms, headers and file names. */
export const makeId = (moment: Moment): string => encodeBase62(moment.random(idBytes), digitsOf(idBytes))

/** A client secret of 256 bits, and what is kept of it. */
export function makeSecret(moment: Moment): { readonly secret: string; readonly kept: ClientSecret } {
  const secret = Buffer.from(moment.random(32)).toString('base64url')
  const version = currentVersion(moment.ring, moment.now)
  return {
    secret,
    kept: { hmac: secretHmac(version, secret), keyVersion: version.version, expires: undefined },
  }
}
