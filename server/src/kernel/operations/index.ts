/** The operations that endpoints name (`does: 'refresh_token_pair'`). */
import type { Operation } from '../kernel.ts'
import { endConnections } from './end-connections.ts'
import { exchangeLegacyToken } from './exchange-legacy-token.ts'
import { exchangeLegacyTokenForCode } from './exchange-legacy-token-for-code.ts'
import { introspectToken } from './introspect-token.ts'
import { issueClientToken } from './issue-client-token.ts'
import { readUserInfo } from './read-user-info.ts'
import { redeemAuthorizationCode } from './redeem-authorization-code.ts'
import { redeemOneTimeCode } from './redeem-one-time-code.ts'
import { redeemPassword } from './redeem-password.ts'
import { redeemRequestToken } from './redeem-request-token.ts'
import { refreshTokenPair } from './refresh-token-pair.ts'
import { revokeToken } from './revoke-token.ts'
import { sendOneTimeCode } from './send-one-time-code.ts'

export const operations = {
  exchange_legacy_token: exchangeLegacyToken,
  exchange_legacy_token_for_code: exchangeLegacyTokenForCode,
  redeem_authorization_code: redeemAuthorizationCode,
  redeem_password: redeemPassword,
  redeem_request_token: redeemRequestToken,
  redeem_one_time_code: redeemOneTimeCode,
  send_one_time_code: sendOneTimeCode,
  refresh_token_pair: refreshTokenPair,
  issue_client_token: issueClientToken,
  introspect_token: introspectToken,
  read_user_info: readUserInfo,
  revoke_token: revokeToken,
  end_connections: endConnections,
} as const

export type OperationName = keyof typeof operations

type InputOf<O> = O extends Operation<infer Input, infer _Facts, infer _Result> ? Input : never
type ResultOf<O> = O extends Operation<infer _Input, infer _Facts, infer Result> ? Result : never

export type OperationInput<Name extends OperationName> = InputOf<(typeof operations)[Name]>
export type OperationResult<Name extends OperationName> = ResultOf<(typeof operations)[Name]>
