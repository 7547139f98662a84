import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { Organization } from '../records.ts'
import { makeId } from './register-client.ts'

export type AddOrganizationInput = {
  /** Without an id, the server makes one. */
  readonly organization: Omit<Organization, 'id' | 'status'> & { readonly id: string | undefined }
  readonly actor: Actor
}

/** Adds a company, merchant or account. */
export const addOrganization: Operation<AddOrganizationInput, Organization | undefined, Organization> = {
  look: async (store, { organization }) =>
    organization.id === undefined ? undefined : store.findOrganization(organization.id),

  decide({ organization: asked, actor }, taken, moment) {
    if (taken) return refuse({ reason: 'record_exists', parameter: taken.id })
    const organization: Organization = { ...asked, id: asked.id ?? makeId(moment), status: 'enabled' }
    return granted(
      organization,
      { write: 'put_organization', organization },
      event('organization_changed', moment.now, actor, { organizationId: organization.id, detail: 'added' }),
    )
  },
}
