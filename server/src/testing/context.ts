/**
 * Where an answer is said, when no request was made: for tests and pages that ask a dialect for its words.
 */
import type { Context, Dialect } from '../dialects/dialect.ts'
import { policyOf } from '../kernel/policy.ts'

/** A context at a usual address. */
export const aContext = ({ name, policy }: Pick<Dialect, 'name' | 'policy'>): Context => ({
  issuer: 'https://auth.example.com',
  origin: 'https://auth.example.com',
  now: 0,
  requestId: 'request',
  path: {},
  policy: policyOf(policy, { policy: {} }),
  policies: { [name]: policy },
  addressOf: () => 'https://auth.example.com',
  bearer: undefined,
  mails: true,
  publicKeys: () => ({ keys: [] }),
  verify: () => undefined,
})
