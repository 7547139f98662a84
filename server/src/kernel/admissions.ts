/** Which apps a user may not use, and which an organization has let in. */
import type { Milliseconds } from './records.ts'

/** An app that an organization has let in, where the app's policy asks for that. */
export type EnabledClient = {
  readonly clientId: string
  readonly at: Milliseconds
  /** The admin; absent where the operator did it. */
  readonly by: string | undefined
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
  /** Nothing that is connected ends by it; nothing new is connected. */
  | { readonly write: 'end_enabling'; readonly organizationId: string; readonly clientId: string }

export type AdmissionFinders = {
  isEnabled(organizationId: string, clientId: string): Promise<boolean>
  /** By client id. */
  listEnabled(organizationId: string): Promise<readonly EnabledClient[]>
}
