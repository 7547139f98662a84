import type { Actor, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import { said } from '../event-detail.ts'
import type { Operation } from '../kernel.ts'
import type { Logo } from '../logo.ts'
import type { Client } from '../records.ts'

/** What may be changed; `dialect` and `type` may not, because credentials hang on them. */
export type ClientChange = Partial<
  Pick<
    Client,
    | 'name'
    | 'maker'
    | 'status'
    | 'scopes'
    | 'redirectUris'
    | 'identifiers'
    | 'exchangeFrom'
    | 'exchangeUntil'
    | 'exchangeStatus'
    | 'exchangesPerDayMax'
    | 'mayIntrospect'
    | 'origins'
    | 'tokensValidAfter'
  >
>

export type ChangeClientInput = {
  readonly clientId: string
  readonly change: ClientChange
  readonly logo?: Logo | 'none' | undefined
  /** Laid over the client's own policy; `undefined` takes a field away, so that the dialect's holds again. */
  readonly policy?: { readonly [Field in keyof Client['policy']]?: Client['policy'][Field] | undefined }
  readonly actor: Actor
}

type Facts = {
  readonly client: Client | undefined
  /** Whoever else is called by an identifier that this client is to have. */
  readonly others: readonly Client[]
}

/** Changes a client's record, and says in the event which fields. */
export const changeClient: Operation<ChangeClientInput, Facts, Client> = {
  async look(store, { clientId, change }) {
    const [client, ...owners] = await Promise.all(
      [clientId, ...(change.identifiers ?? [])].map((name) => store.findClient(name)),
    )
    const others = owners.filter((one) => one !== undefined).filter(({ id }) => id !== client?.id)
    return { client, others }
  },

  decide({ change, logo, policy, actor }, { client, others: [other] }, moment) {
    if (!client) return refuse('record_unknown')
    if (other) return refuse({ reason: 'record_exists', parameter: other.id })
    const laid = Object.entries({ ...client.policy, ...policy }).filter(([, value]) => value !== undefined)
    const shown = logo === undefined ? client.logo : logo === 'none' ? undefined : logo.name
    const changed: Client = { ...client, ...change, logo: shown, policy: Object.fromEntries(laid) }
    const fields = Object.keys(changed).filter((field) => differs(field as keyof Client, client, changed))
    if (fields.length === 0) return refuse('nothing_to_change')
    // In the same commit: a code from before it would lead to a grant from after it.
    const isRecalled = changed.tokensValidAfter > client.tokensValidAfter
    return granted(
      changed,
      { write: 'change_client', client: changed, seen: client },
      ...(changed.logo === client.logo ? [] : logoWrites(logo)),
      ...(isRecalled ? ([{ write: 'drop_codes', clientId: client.id }] as const) : []),
      event('client_changed', moment.now, actor, { clientId: client.id, detail: detailOf(fields, changed) }),
    )
  },
}

/** Fields by which something is taken back come with what they are now. */
const told = ['status', 'exchangeStatus', 'tokensValidAfter', 'mayIntrospect'] as const

function detailOf(fields: readonly string[], changed: Client): string {
  const values = told.flatMap((field) => (fields.includes(field) ? [[field, String(changed[field])]] : []))
  const words = fields.filter((field) => !told.some((one) => one === field)).join(' ')
  return said(words, Object.fromEntries(values))
}

const logoWrites = (logo: Logo | 'none' | undefined): readonly Write[] => [
  ...(typeof logo === 'object' ? ([{ write: 'put_logo', logo }] as const) : []),
  { write: 'drop_unused_logos' },
]

const differs = (field: keyof Client, one: Client, other: Client): boolean =>
  field !== 'secrets' && JSON.stringify(one[field]) !== JSON.stringify(other[field])
