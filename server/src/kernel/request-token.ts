/** Request tokens: what an admin hands to an app, which trades it for a pair. */
import type { Milliseconds } from './records.ts'

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

/** Each change of them. */
export type RequestTokenWrite = never

export type RequestTokenFinders = object
