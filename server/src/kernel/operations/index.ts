/** The operations that endpoints name (`does: 'refresh_token_pair'`). */
import type { Operation } from '../kernel.ts'
import { exchangeLegacyToken } from './exchange-legacy-token.ts'
import { issueClientToken } from './issue-client-token.ts'
import { refreshTokenPair } from './refresh-token-pair.ts'

export const operations = {
  exchange_legacy_token: exchangeLegacyToken,
  refresh_token_pair: refreshTokenPair,
  issue_client_token: issueClientToken,
} as const

export type OperationName = keyof typeof operations

type InputOf<O> = O extends Operation<infer Input, infer _Facts, infer _Result> ? Input : never
type ResultOf<O> = O extends Operation<infer _Input, infer _Facts, infer Result> ? Result : never

export type OperationInput<Name extends OperationName> = InputOf<(typeof operations)[Name]>
export type OperationResult<Name extends OperationName> = ResultOf<(typeof operations)[Name]>
