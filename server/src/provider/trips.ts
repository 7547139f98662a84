/** The way to the provider and back, sealed for the one browser that is on it: there is no row of it. */
import type { Milliseconds } from '../kernel/records.ts'
import type { Ring } from '../kernel/ring.ts'
import { sealText, unsealText } from '../keys/sealed-text.ts'
import type { Trip } from './provider.ts'
import { tripMilliseconds } from './provider.ts'

const about = 'sign-in through the provider'

/** As a cookie keeps it. */
export const sealTrip = (trip: Trip, ring: Ring, now: Milliseconds): string =>
  sealText(ring, now, JSON.stringify(trip), about)

/** The trip, where it is one of ours and not too long ago. */
export function unsealTrip(sealed: string, ring: Ring, now: Milliseconds): Trip | undefined {
  const text = unsealText(ring, sealed, about)
  if (text === undefined) return undefined
  // Whatever could be unsealed, `sealTrip` has written.
  const trip = JSON.parse(text) as Trip
  return trip.begun <= now && now - trip.begun < tripMilliseconds ? trip : undefined
}
