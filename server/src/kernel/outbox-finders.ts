/** What the outbox asks: what was read, who is to be told, what is due. */
import type { Delivery, Milliseconds } from './records.ts'
import type { Page } from './store.ts'

export type OutboxFinders = {
  /** Up to which event the outbox has read. */
  findEventsRead(): Promise<number>
  /** Whether the organization's users have been planned for already. */
  isAnnounced(clientId: string, organizationId: string): Promise<boolean>
  /**
   * Users of an organization whom mail can reach, with a legacy token that is the client's, or that every
   * client of its dialect may exchange.
   */
  listHolders(
    of: { readonly clientId: string; readonly dialect: string; readonly organizationId: string },
    page: Page,
  ): Promise<readonly string[]>
  listAdmins(organizationId: string): Promise<readonly string[]>
  /** Clients of whom something is due; '' for what is about none. */
  listDueClients(channel: Delivery['channel'], now: Milliseconds): Promise<readonly string[]>
  /** What is due of one client, the oldest first. */
  listDue(
    channel: Delivery['channel'],
    clientId: string,
    now: Milliseconds,
    limit: number,
  ): Promise<readonly Delivery[]>
  listDeliveries(status: Delivery['status'], page: Page): Promise<readonly Delivery[]>
  countDeliveries(): Promise<
    readonly { channel: string; status: string; count: number; oldest: Milliseconds }[]
  >
}
