/** Policy as the operator writes it: durations as `1h`, `14d`, `never`. */
import { z } from 'zod'
import type { Policy } from './kernel/policy.ts'
import { seconds, wholeNumber } from './setting-types.ts'

const rotate = z.union(
  [
    z.enum(['always', 'never']),
    z
      .strictObject({ at_most_every: seconds })
      .transform(({ at_most_every }) => ({ atMostEverySeconds: at_most_every })),
  ],
  { error: 'always, never or { at_most_every: 60s }' },
)

const afterExchange = z.union(
  [
    z.enum(['keep', 'retire', 'retire_on_first_use']),
    z
      .strictObject({ retire_after: seconds })
      .transform(({ retire_after }) => ({ retireAfterSeconds: retire_after })),
  ],
  { error: 'keep, retire, retire_on_first_use or { retire_after: 30d }' },
)

const secondsOrNever = (example: string) =>
  z.union([z.literal('never').transform(() => null), seconds], {
    error: `never, or a duration such as ${example}`,
  })

/** A list, or, on the command line, names with a comma between them. */
const directGrants = z.preprocess(
  (written) => (typeof written === 'string' ? written.split(',').filter(Boolean) : written),
  z.array(z.enum(['password', 'otp', 'authtoken'])),
)

/** Every field that the operator may set, by mount or by client. */
export const policyFields = {
  access: seconds,
  access_format: z.enum(['jwt', 'opaque']),
  signature: z.enum(['ES256', 'RS256', 'EdDSA']),
  refresh: secondsOrNever('90d'),
  code: seconds,
  may_refresh: z.boolean(),
  direct_grants: directGrants,
  organizations: z.enum(['all', 'enabled']),
  rotate,
  exchange_repeat: seconds,
  exchange_repeat_unproven: seconds,
  refresh_repeat: seconds,
  refresh_repeat_unproven: seconds,
  reuse: z.enum(['end', 'refuse']),
  secrets_are_public: z.boolean(),
  cardinality: z.enum(['bound', 'first_client', 'each_client']),
  legacy_after_exchange: afterExchange,
  legacy_scopes_beyond_client: z.enum(['drop', 'refuse']),
  confirmation: z.enum(['none', 'notify', 'required']),
  confirmation_reminder: secondsOrNever('3d'),
  scope_map: z.record(z.string(), z.string()),
  // Trouble of ours is 5xx and stays so: it is never blamed on the caller.
  statuses: z.record(z.string(), wholeNumber(400, 499)),
  grants_per_connection: wholeNumber(1, 1000),
  codes_per_legacy_token: wholeNumber(1, 100),
}

const schema = z.strictObject(policyFields).partial()
export type WrittenPolicy = z.infer<typeof schema>

/** How each field is called in the code. */
export const policyNames = {
  access: 'accessSeconds',
  access_format: 'accessFormat',
  signature: 'signature',
  refresh: 'refreshSeconds',
  code: 'codeSeconds',
  may_refresh: 'refreshAllowed',
  direct_grants: 'directGrants',
  organizations: 'organizations',
  rotate: 'rotate',
  exchange_repeat: 'exchangeRepeatSeconds',
  exchange_repeat_unproven: 'exchangeRepeatUnprovenSeconds',
  refresh_repeat: 'refreshRepeatSeconds',
  refresh_repeat_unproven: 'refreshRepeatUnprovenSeconds',
  reuse: 'reuse',
  secrets_are_public: 'secretsArePublic',
  cardinality: 'cardinality',
  legacy_after_exchange: 'legacyAfterExchange',
  legacy_scopes_beyond_client: 'legacyScopesBeyondClient',
  confirmation: 'confirmation',
  confirmation_reminder: 'confirmationReminderSeconds',
  scope_map: 'scopeMap',
  statuses: 'statuses',
  grants_per_connection: 'grantsPerConnectionMax',
  codes_per_legacy_token: 'codesPerLegacyTokenMax',
} as const satisfies Record<keyof WrittenPolicy, keyof Policy>

/** The policy that these settings make. */
export function toPolicy(written: WrittenPolicy): Partial<Policy> {
  const entries = Object.entries(written).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [policyNames[name as keyof WrittenPolicy], value]))
}

/** Settings as text or YAML values, checked; for `client add --policy`. */
export const parsePolicy = (value: unknown): Partial<Policy> => toPolicy(schema.parse(value))
