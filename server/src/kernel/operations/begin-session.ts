import type { Write } from '../decision.ts'
import type { Moment } from '../kernel.ts'
import type { Session, User } from '../records.ts'
import { sha256 } from '../ring.ts'

/** The browser that signs in. */
export type SigningBrowser = {
  /** Its session before: it ends, so that nobody goes on with one that they were handed. */
  readonly sessionSecret: string | undefined
  readonly address: string | undefined
  readonly userAgent: string | undefined
  /** Of the page that was shown: remembered for the mails to a user of whom none is known. */
  readonly language: string | undefined
}

export type SignedIn = { readonly user: User; readonly sessionSecret: string }

export const sessionSeconds = 12 * 3600

/**
 * Begins a session, however the user has proved who they are: always with a new secret, of which the row
 * keeps the hash. The first of its writes is a guard.
 */
export function beginSession(
  user: User,
  method: Session['method'],
  { sessionSecret: before, address, userAgent, language }: SigningBrowser,
  { now, random }: Moment,
): { readonly signedIn: SignedIn; readonly writes: readonly [Write, ...Write[]] } {
  const sessionSecret = Buffer.from(random(32)).toString('base64url')
  const session: Session = {
    hash: sha256(sessionSecret),
    userId: user.id,
    created: now,
    expires: now + sessionSeconds * 1000,
    method,
    address,
    userAgent,
  }
  const ends: Write[] = before === undefined ? [] : [{ write: 'end_session', hash: sha256(before) }]
  const remembers: Write[] =
    user.language === undefined && language !== undefined
      ? [{ write: 'note_language', userId: user.id, language }]
      : []
  return {
    signedIn: { user, sessionSecret },
    writes: [{ write: 'add_session', session }, ...ends, ...remembers],
  }
}
