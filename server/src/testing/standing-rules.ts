/** What stands against whoever a request names outright, in order: each direct grant asks the same. */
import type { Caller } from '../kernel/operations/issue.ts'
import type { NamedSubject } from '../kernel/subjects.ts'
import type { Rule } from './decisions.ts'
import { anOrganization } from './records.ts'

/** How a test's state is changed. */
export type Standing<State> = {
  readonly withCaller: (changes: (caller: Caller) => Partial<Caller>) => (state: State) => State
  readonly withSubject: (changes: (subject: NamedSubject) => Partial<NamedSubject>) => (state: State) => State
}

/** Of a user, and of a company alone: its rows without those that are about a user. */
export function standingRules<State>({ withCaller, withSubject }: Standing<State>): {
  readonly ofUser: readonly Rule<State>[]
  readonly ofCompany: readonly Rule<State>[]
} {
  const withOrganization = (changes: Parameters<typeof anOrganization>[0]) =>
    withSubject(({ organization }) => ({ organization: anOrganization({ ...organization, ...changes }) }))
  const ofCompany: readonly Rule<State>[] = [
    [
      'lives_elsewhere',
      (state) =>
        withCaller(() => ({ regions: { here: 'us', all: ['us', 'eu'] } }))(
          withOrganization({ region: 'eu' })(state),
        ),
    ],
    ['organization_disabled', withOrganization({ status: 'disabled' })],
    ['client_barred', withSubject(() => ({ barred: 'organization' }))],
    ['client_not_enabled', withCaller(({ policy }) => ({ policy: { ...policy, organizations: 'enabled' } }))],
    ['address_not_allowed', withOrganization({ allowedAddresses: ['198.51.100.0/24'] })],
  ]
  const [elsewhere, ...others] = ofCompany
  const disabled: Rule<State> = [
    'user_disabled',
    withSubject(({ user }) => ({ user: user && { ...user, status: 'disabled' } })),
  ]
  return { ofCompany, ofUser: elsewhere ? [elsewhere, disabled, ...others] : [] }
}
