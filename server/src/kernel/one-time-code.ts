/**
 * One-time codes: six digits by mail, computed from an id that lies in a row, and lying nowhere themselves. A
 * hash of six digits would fall at once; without the ring, the row tells nothing of them.
 */
import type { ConnectionExpected } from './decision.ts'
import type { Client, Milliseconds } from './records.ts'
import type { Ring, RingVersion } from './ring.ts'
import { equal, fields, findVersion, hmac } from './ring.ts'

/** A code that was mailed to somebody. It is computed from the id. */
export type OneTimeCode = {
  readonly id: Uint8Array
  readonly clientId: string
  readonly userId: string
  /** The ring version that it is computed with. */
  readonly keyVersion: number
  /** HMAC of the parameters that must be repeated when it is redeemed. */
  readonly facts: Uint8Array
  /** Wrong ones that were tried while it was open. */
  readonly guesses: number
  readonly created: Milliseconds
  readonly expires: Milliseconds
  /** `revoked`: it was taken back with what the app was allowed, and still counts as a mail that was sent. */
  readonly status: 'open' | 'redeemed' | 'revoked'
}

export const oneTimeCodeLimits = {
  lifeMilliseconds: 10 * 60_000,
  guessesMax: 5,
  /**
   * Of one user and app, that have not expired. Those that are used up or taken back count too: each was a
   * mail, and an app that ends its own connection must not fill a mailbox by that.
   */
  unexpiredMax: 5,
} as const

export const oneTimeCodeIdBytes = 16

/** Each change of them. */
export type OneTimeCodeWrite =
  | {
      /**
       * Only while the client is enabled and not barred, and the user has fewer of its codes that have not
       * expired: one that was on its way when the app was barred would outlive the bar.
       */
      readonly write: 'add_one_time_code'
      readonly code: OneTimeCode
      readonly unexpiredMax: number
    }
  | {
      /**
       * One more guess for each of these, only where all are open and guessed as they were seen, and the name
       * is not locked: so of many guesses at once each is counted, or none is answered.
       */
      readonly write: 'note_wrong_one_time_code'
      readonly codes: readonly Pick<OneTimeCode, 'id' | 'guesses'>[]
      /** What failures of the user are counted under. */
      readonly failuresName: string
      readonly at: Milliseconds
    }
  | {
      /**
       * Once, where it is open and guessed as it was seen, has not expired, and its user is enabled and not
       * locked. Not of a client that is disabled, nor a code from before it was recovered, nor one that was
       * taken back.
       */
      readonly write: 'redeem_one_time_code'
      readonly code: Pick<OneTimeCode, 'id' | 'guesses'>
      readonly failuresName: string
      readonly at: Milliseconds
      readonly connection: ConnectionExpected
    }

export type OneTimeCodeFinders = {
  findOneTimeCode(id: Uint8Array): Promise<OneTimeCode | undefined>
  /** All that a client has had sent to a user and that have not been swept yet, the newest first. */
  findOneTimeCodes(clientId: string, userId: string): Promise<readonly OneTimeCode[]>
}

/** The digits of a code, for the address that it is mailed to. */
export function sayOneTimeCode(version: RingVersion, id: Uint8Array, address: string): string {
  const mac = hmac(version.keys.one_time_code, fields('code', hex(id), address.toLowerCase()))
  // Of 2^256 values, no six digits have more than one more than any others.
  return String(BigInt(`0x${mac.toString('hex')}`) % 1_000_000n).padStart(6, '0')
}

/** Names and values of the parameters that must be repeated. Their order does not matter. */
export type Facts = ReadonlyMap<string, string>

/** What is kept of them, and differs for each code: equal ones do not show in the rows. */
export function factsHmac(version: RingVersion, id: Uint8Array, facts: Facts): Buffer {
  const sorted = [...facts].sort(([one], [other]) => (one < other ? -1 : 1))
  return hmac(version.keys.one_time_code, fields('facts', hex(id), ...sorted.flat()))
}

export const isSameOneTimeCode = (presented: string, code: string): boolean =>
  equal(Buffer.from(presented), Buffer.from(code))

/** Whether it may still be redeemed: not once it was used, guessed at too often, or taken back. */
export const isOpen = (
  { status, guesses, expires }: Pick<OneTimeCode, 'status' | 'guesses' | 'expires'>,
  now: Milliseconds,
): boolean => status === 'open' && guesses < oneTimeCodeLimits.guessesMax && expires > now

/** How many a client has had sent to this user that have not expired. */
export const countUnexpired = (codes: readonly OneTimeCode[], now: Milliseconds): number =>
  codes.filter(({ expires }) => expires > now).length

/** An open code, with the key that it is computed with. */
export type ReadableCode = { readonly code: OneTimeCode; readonly version: RingVersion }

/**
 * Those that may be redeemed. `version_unknown`: one of them needs a key that this process has not read yet.
 * What was made with a key that leaked could be computed by others, and is as good as gone.
 */
export function readableCodes(
  codes: readonly OneTimeCode[],
  { tokensValidAfter }: Pick<Client, 'tokensValidAfter'>,
  ring: Ring,
  now: Milliseconds,
): readonly ReadableCode[] | 'version_unknown' {
  const readable: ReadableCode[] = []
  for (const code of codes) {
    const { keyVersion, created } = code
    if (!isOpen(code, now) || created < tokensValidAfter) continue
    if (ring.destroyed.has(keyVersion) || ring.compromised.has(keyVersion)) continue
    const version = findVersion(ring, keyVersion)
    if (!version) return 'version_unknown'
    readable.push({ code, version })
  }
  return readable
}

const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex')
