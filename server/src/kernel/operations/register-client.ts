import { digitsOf, encodeBase62 } from '../base62.ts'
import { sealSecret } from '../callback-secrets.ts'
import type { Actor, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { Logo } from '../logo.ts'
import type { Client, ClientSecret } from '../records.ts'
import { currentVersion } from '../ring.ts'
import { secretHmac } from './authenticate-client.ts'
import { addCallbackSecret } from './change-callback.ts'

export type RegisterClientInput = {
  /** Without an id, the server makes one. */
  readonly client: Omit<Client, 'id' | 'status' | 'tokensValidAfter' | 'secrets' | 'logo'> & {
    readonly id?: string
  }
  /** The dialect's callback shows the client's own secret, so a copy is kept where there is a callback. */
  readonly callbackShowsSecret?: boolean
  readonly logo?: Logo | undefined
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

  decide({ client: asked, logo, actor, callbackShowsSecret = false }, [taken], moment) {
    if (taken) return refuse({ reason: 'record_exists', parameter: taken.id })
    const isShown = asked.callback !== undefined && callbackShowsSecret
    // A public client has no secret that could prove to it who calls.
    if (isShown && asked.type === 'public')
      return refuse({ reason: 'nothing_to_change', parameter: 'public' })
    const client: Client = {
      ...asked,
      id: asked.id ?? makeId(moment),
      status: 'enabled',
      tokensValidAfter: 0,
      secrets: [],
      logo: logo?.name,
    }
    const guard = { write: 'add_client', client, at: moment.now } as const
    const added: readonly [Write, ...Write[]] = logo ? [guard, { write: 'put_logo', logo }] : [guard]
    const told = event('client_added', moment.now, actor, { clientId: client.id })
    const isSigned = client.callback !== undefined && !callbackShowsSecret
    const signing = isSigned ? [addCallbackSecret(client.id, [], moment)] : []
    if (client.type === 'public') return granted({ client, secret: undefined }, ...added, ...signing, told)
    const { secret, kept, sealed } = makeSecret(moment, client, callbackShowsSecret)
    return granted(
      { client: { ...client, secrets: [kept] }, secret },
      ...added,
      {
        write: 'add_client_secret',
        clientId: client.id,
        secret: kept,
        sealed,
        created: moment.now,
        othersExpire: undefined,
      },
      ...signing,
      told,
    )
  },
}

const idBytes = 12

/** Letters and digits alone: an id is copied into forms, headers and file names. */
export const makeId = (moment: Moment): string => encodeBase62(moment.random(idBytes), digitsOf(idBytes))

type MadeSecret = {
  readonly secret: string
  readonly kept: ClientSecret
  /** A copy that can be opened: only where something calls the client with its own secret. */
  readonly sealed: Uint8Array | undefined
}

/** A client secret of 256 bits, and what is kept of it. */
export function makeSecret(
  moment: Moment,
  { id, callback }: Pick<Client, 'id' | 'callback'>,
  callbackShowsSecret: boolean,
): MadeSecret {
  const secret = Buffer.from(moment.random(32)).toString('base64url')
  const version = currentVersion(moment.ring, moment.now)
  const kept = { hmac: secretHmac(version, secret), keyVersion: version.version, expires: undefined }
  const isShown = callbackShowsSecret && callback !== undefined
  return { secret, kept, sealed: isShown ? sealSecret(version, id, kept.hmac, secret) : undefined }
}
