/** An event as a line of JSON: what is shipped elsewhere, and read back after a restore. */
import { z } from 'zod'
import type { EventKind } from '../kernel/event-kinds.ts'
import type { Event } from '../kernel/records.ts'
import { heardLine, markedLine } from './marked-line.ts'

/** Whose events they are, and the key that marks their lines. */
export type Shipping = { readonly deploymentId: string; readonly markKey: Uint8Array }

export const lineOf = (event: Event, { deploymentId, markKey }: Shipping): string =>
  markedLine({ deployment: deploymentId, ...recordOf(event) }, markKey)

export const recordOf = (event: Event) => ({
  id: event.id,
  at: new Date(event.at).toISOString(),
  kind: event.kind,
  actor: event.actor,
  address: event.address,
  request_id: event.requestId,
  client: event.clientId,
  user: event.userId,
  organization: event.organizationId,
  grant: event.grantNumber,
  detail: event.detail,
})

const shape = z.object({
  deployment: z.string(),
  id: z.int().positive(),
  at: z.iso.datetime(),
  kind: z.string(),
  actor: z.string(),
  address: z.string().optional(),
  request_id: z.string().optional(),
  client: z.string().optional(),
  user: z.string().optional(),
  organization: z.string().optional(),
  grant: z.int().optional(),
  detail: z.string().optional(),
})

export type Shipped = {
  readonly event: Event
  readonly deploymentId: string
  /** Whether we have written it so. */
  readonly isGenuine: boolean
}

/** The event of a line; `undefined`: it is none. A kind of a later version is kept as it is. */
export function eventIn(line: string, { markKey }: Pick<Shipping, 'markKey'>): Shipped | undefined {
  const heard = heardLine(line, markKey)
  const { success, data } = shape.safeParse(heard?.record)
  if (!success || !heard) return undefined
  const event: Event = {
    id: data.id,
    at: Date.parse(data.at),
    kind: data.kind as EventKind, // Looked up in a table, which ignores what it does not know.
    actor: data.actor,
    address: data.address,
    requestId: data.request_id,
    clientId: data.client,
    userId: data.user,
    organizationId: data.organization,
    grantNumber: data.grant,
    detail: data.detail,
  }
  return { event, deploymentId: data.deployment, isGenuine: heard.isGenuine }
}
