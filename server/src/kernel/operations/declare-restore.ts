import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import { numberAbove } from '../number-floor.ts'
import type { Milliseconds } from '../records.ts'
import type { Numbering } from '../store.ts'

export type DeclareRestoreInput = {
  readonly to: Milliseconds
  /** Nobody is answered before what was revoked since the copy has been revoked again. */
  readonly awaitsEvents?: boolean
  readonly actor: Actor
}

export type DeclaredRestore = { readonly healingUntil: Milliseconds; readonly nextNumber: number }

/** Longer than any refresh token of a default policy: whoever comes back within it is healed. */
const healingMilliseconds = 400 * 86_400_000

/**
 * The operator says that the database is a copy from an earlier moment. From now on a genuine token ahead of
 * its row sets the row, and no number that may have been issued since the copy is leased again.
 */
export const declareRestore: Operation<DeclareRestoreInput, Numbering, DeclaredRestore> = {
  look: (store) => store.findNumbering(0),

  decide({ to, awaitsEvents = false, actor }, { next }, { now }) {
    if (to > now) return refuse({ reason: 'parameter_malformed', parameter: 'to' })
    const healingUntil = now + healingMilliseconds
    const nextNumber = numberAbove(next, now)
    return granted(
      { healingUntil, nextNumber },
      { write: 'set_meta', key: 'restored_to', value: String(to) },
      { write: 'set_meta', key: 'restored_at', value: String(now) },
      { write: 'set_meta', key: 'healing_until', value: String(healingUntil) },
      { write: 'set_meta', key: 'lost_below', value: String(nextNumber) },
      { write: 'raise_numbers', to: nextNumber },
      ...(awaitsEvents ? [{ write: 'set_meta', key: 'awaits_events', value: 'yes' } as const] : []),
      event('database_restored', now, actor, { detail: `to ${to}` }),
    )
  },
}
