import type { Actor } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Operation } from '../kernel.ts'
import type { GrantFacts } from '../store.ts'

export type EndGrantInput = { readonly grant: number; readonly reason: string; readonly actor: Actor }

/** Ends one grant; the others of its connection live on. */
export const endGrant: Operation<EndGrantInput, GrantFacts | undefined, { readonly ended: true }> = {
  look: (store, { grant }) => store.findGrant(grant),

  decide({ reason, actor }, found, moment) {
    if (!found) return refuse('record_unknown')
    const { grant } = found
    if (grant.status === 'revoked') return refuse('nothing_to_change')
    return granted(
      { ended: true },
      { write: 'end_grant', number: grant.number, reason },
      event('grant_revoked', moment.now, actor, { ...grant, grantNumber: grant.number, detail: reason }),
    )
  },
}
