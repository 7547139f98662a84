import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Organization } from '../records.ts'

export type ChangeOrganizationInput = {
  readonly organizationId: string
  /** A field that is there and `undefined` is taken away. */
  readonly change: Partial<Omit<Organization, 'id' | 'status'>>
  readonly actor: Actor
}

/** Changes what is known of an organization, and says in the event which fields. */
export const changeOrganization: Operation<ChangeOrganizationInput, Organization | undefined, Organization> =
  {
    look: (store, { organizationId }) => store.findOrganization(organizationId),

    decide({ change, actor }, found, moment) {
      if (!found) return refuse('record_unknown')
      const changed: Organization = { ...found, ...change }
      const fields = changeable.filter((field) => String(changed[field]) !== String(found[field]))
      if (fields.length === 0) return refuse('nothing_to_change')
      return granted(
        changed,
        { write: 'change_organization', organization: changed, seen: found },
        event('organization_changed', moment.now, actor, {
          organizationId: found.id,
          detail: fields.join(' '),
        }),
      )
    },
  }

const changeable = ['name', 'region', 'apiDomain', 'allowedAddresses'] as const
