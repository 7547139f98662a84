/**
 * What brings each code of Concur's about: a code without a cause does not compile. The test does what is
 * said here, and the page of the codes is made of it.
 */
import type { ExchangeCode, TokenCode } from '../dialects/concur-codes.ts'
import type { Causes } from './concur-cause.ts'
import { clientCauses } from './concur-causes-client.ts'
import { codeCauses } from './concur-causes-code.ts'
import { exchangeCauses, troubleCauses } from './concur-causes-exchange.ts'
import { personCauses } from './concur-causes-person.ts'

/** At the token endpoint, `/otp`, `/authorize` and the end of connections. */
export const causesOfTokenCodes: Readonly<Record<TokenCode, Causes>> = {
  ...clientCauses,
  ...personCauses,
  ...codeCauses,
  ...troubleCauses,
}

/** At the exchange of an old token. */
export const causesOfExchangeCodes: Readonly<Record<'OK' | ExchangeCode, Causes>> = exchangeCauses
