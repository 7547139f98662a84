/** Which apps a user may not use, and which an organization has let in. */

import type { AppShown } from './account-finders.ts'
import type { Actor } from './decision.ts'
import type { Client, Milliseconds } from './records.ts'

/** An app that an organization has let in, where the app's policy asks for that. */
export type EnabledClient = {
  readonly clientId: string
  readonly at: Milliseconds
  /** The admin; absent where the operator did it. */
  readonly by: string | undefined
}

/** An app that a user may not use. */
export type ClientBarredForUser = { readonly clientId: string; readonly at: Milliseconds }

/** An app that is not barred from an organization, as its admin may let it in. */
export type AdmittableApp = {
  readonly client: AppShown & Pick<Client, 'type' | 'scopes'>
  readonly enabled: boolean
}

/** Each change of that. */
export type AdmissionWrite =
  | {
      readonly write: 'enable_client'
      readonly organizationId: string
      readonly clientId: string
      /** The admin who did it; absent: the operator. */
      readonly by: string | undefined
      readonly at: Milliseconds
    }
  | {
      /**
       * Revokes what the user has of the app, each with its event, and ends its open codes, also by mail, and
       * its request tokens of them.
       */
      readonly write: 'bar_user'
      readonly userId: string
      readonly clientId: string
      readonly at: Milliseconds
      readonly actor: Actor
    }
  | { readonly write: 'unbar_user'; readonly userId: string; readonly clientId: string }
  /** Nothing that is connected ends by it; nothing new is connected. */
  | { readonly write: 'end_enabling'; readonly organizationId: string; readonly clientId: string }

export type AdmissionFinders = {
  isEnabled(organizationId: string, clientId: string): Promise<boolean>
  /** By client id. */
  listEnabled(organizationId: string): Promise<readonly EnabledClient[]>
  /** Apps that are not disabled, nor barred from the organization; by name. */
  listAdmittable(organizationId: string): Promise<readonly AdmittableApp[]>
  isUserBarred(userId: string, clientId: string): Promise<boolean>
  /** By client id. */
  listBarredFor(userId: string): Promise<readonly ClientBarredForUser[]>
}
