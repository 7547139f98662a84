/** Why nobody may be answered, if so. */
import type { Store } from '../kernel/store.ts'

/**
 * `awaits_events`: revocations from after a copy of the database are still to be applied; `moved`: its rows
 * go elsewhere, or have gone; `keys_unread`: keys were added under another root secret than this process has.
 */
export type Closed = 'awaits_events' | 'moved' | 'keys_unread'

export async function closedIn(
  store: Pick<Store, 'findMeta'>,
): Promise<Exclude<Closed, 'keys_unread'> | undefined> {
  const [awaits, moving, moved] = await Promise.all(
    ['awaits_events', 'moving_to', 'moved_to'].map((key) => store.findMeta(key)),
  )
  if (moving !== undefined || moved !== undefined) return 'moved'
  return awaits === 'yes' ? 'awaits_events' : undefined
}
