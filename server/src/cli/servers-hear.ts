/** For commands by whose end every server does what they say. */
import { setTimeout as pause } from 'node:timers/promises'
import { ringHeardAfterMilliseconds } from '../keys/key-ring.ts'

/** Waits until servers have read what closes and opens them, and says so. */
export async function serversHear(): Promise<void> {
  process.stderr.write(`All servers hear of it within ${ringHeardAfterMilliseconds / 1000} s …\n`)
  await pause(ringHeardAfterMilliseconds)
}
