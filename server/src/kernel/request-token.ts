/**
 * Request tokens: what an admin hands to an app, which trades it for a pair. The pair is computed from the
 * token, so an app that has lost the answer asks again, and neither of the two lies anywhere.
 *
 *     tfq_ base62( 32 random bytes ) crc32
 */
import { checksum, digitsOf, encodeBase62 } from './base62.ts'
import { locatorBytes } from './chain.ts'
import type { ConnectionExpected } from './decision.ts'
import type { Grant, Milliseconds } from './records.ts'
import type { RingVersion } from './ring.ts'
import { fields, hmac, sha256 } from './ring.ts'
import type { NamedSubject } from './subjects.ts'

/** It is traded once, and again while the answer may have been lost. */
export type RequestToken = {
  /** SHA-256 of the token: 256 random bits need no key to hide. */
  readonly hash: Uint8Array
  readonly clientId: string
  /** '' where the pair is the organization's. */
  readonly userId: string
  readonly organizationId: string
  /** The admin; '' is the operator. */
  readonly authorizedBy: string
  readonly scopes: readonly string[]
  readonly created: Milliseconds
  readonly expires: Milliseconds
  /** How often a pair was said for it. */
  readonly uses: number
  /** From the first use on. */
  readonly keyVersion: number | undefined
  readonly grantNumber: number | undefined
}

/** Whose it is; there is one at a time for each of these. */
export type RequestTokenKey = Pick<RequestToken, 'clientId' | 'userId' | 'organizationId'>

export const requestTokenSeconds = 24 * 3600
export const requestTokenUsesMax = 5
export const requestTokenBytes = 32

const digits = digitsOf(requestTokenBytes)
const prefix = 'tfq_'
const tokenPattern = new RegExp(`^${prefix}[0-9A-Za-z]{${digits + 6}}$`)

/** The token: 53 characters, which a scanner can tell from any others. */
export function sayRequestToken(random: Uint8Array): string {
  const text = prefix + encodeBase62(random, digits)
  return text + checksum(text)
}

/** What its row is found by; `undefined` where it is none of ours, or one that was mistyped. */
export const hashOfRequestToken = (text: string): Buffer | undefined =>
  tokenPattern.test(text) && checksum(text.slice(0, -6)) === text.slice(-6) ? sha256(text) : undefined

/** The locator that the token and its client give again and again. */
export const requestLocator = (version: RingVersion, token: string, clientId: string): Buffer =>
  hmac(version.keys.locator, fields('request', token, clientId)).subarray(0, locatorBytes)

/** Each change of them. */
export type RequestTokenWrite =
  | {
      /**
       * In the place of the one before; not of an app that is disabled or barred, nor for a user who does not
       * belong to the organization.
       */
      readonly write: 'make_request_token'
      readonly token: RequestToken
    }
  | {
      /**
       * Used once more. Its first use names the grant; a later one goes only where this is that grant, alive
       * and as it was said. Nobody disabled or barred gets anything, and only while its admin still is one.
       */
      readonly write: 'redeem_request_token'
      readonly hash: Uint8Array
      readonly at: Milliseconds
      readonly usesMax: number
      /** The grant as it was seen; absent: this is the first use. */
      readonly seen: number | undefined
      readonly keyVersion: number
      readonly grantNumber: number
      readonly connection: ConnectionExpected
    }
  | { readonly write: 'end_request_token'; readonly of: RequestTokenKey }

/** A request token with all that a decision on it needs. */
export type RequestTokenFacts = {
  readonly token: RequestToken
  /** Whose the pair is, as the token names them. */
  readonly subject: NamedSubject
  /** The user still belongs to the organization; so does the organization itself. */
  readonly belongs: boolean
  /** Whoever made it may still do so: the operator, or an admin of the organization who is not disabled. */
  readonly authorized: boolean
  readonly grant: Grant | undefined
}

export type RequestTokenFinders = {
  findRequestToken(hash: Uint8Array): Promise<RequestTokenFacts | undefined>
  /** A member in just this organization; `findUserSubjects` has them in their first. */
  findMemberSubject(key: RequestTokenKey): Promise<NamedSubject | undefined>
  /** Whether there is a user or an organization of this id. */
  isSubject(id: string): Promise<boolean>
  hasRequestToken(of: RequestTokenKey): Promise<boolean>
  /** The newest first; those that have expired may be among them. */
  listRequestTokens(
    filter: Partial<Pick<RequestTokenKey, 'clientId' | 'organizationId'>>,
    limit: number,
  ): Promise<readonly Omit<RequestToken, 'hash'>[]>
}
