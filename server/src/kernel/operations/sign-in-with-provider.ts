import type { Actor, Write } from '../decision.ts'
import { event, grant as granted, refuse } from '../decision.ts'
import type { Moment, Operation } from '../kernel.ts'
import type { User } from '../records.ts'
import type { SignedIn, SigningBrowser } from './begin-session.ts'
import { beginSession } from './begin-session.ts'
import { makeId } from './register-client.ts'

/** What the operator's own provider says of a user, checked. */
export type ProvidedUser = {
  /** The value of the configured claim. */
  readonly value: string
  /** It is, or stands for, an e-mail address that the provider has not verified. */
  readonly isUnverified: boolean
  /** What a new user is called, the best first; one that is another's is passed over. */
  readonly usernames: readonly string[]
  /** Verified. */
  readonly email: string | undefined
  readonly name: string | undefined
  readonly language: string | undefined
}

export type ProviderInput = SigningBrowser & {
  readonly provided: ProvidedUser
  /** What of a user the claim names. */
  readonly by: 'id' | 'username' | 'email'
  readonly unknownUsers: 'refuse' | 'create'
  readonly actor: Actor
}

type Facts = {
  readonly found: readonly User[]
  /** For a new user: the first name that nobody has. */
  readonly freeUsername: string | undefined
}

/**
 * Begins a session for a user who has signed in at the operator's own provider; one who is not known here is
 * refused or made, as the operator says.
 */
export const signInWithProvider: Operation<ProviderInput, Facts, SignedIn> = {
  async look(store, { provided, by, unknownUsers }) {
    const { value, usernames } = provided
    const found =
      by === 'email'
        ? await store.findUsersByEmail(value)
        : [await (by === 'id' ? store.findUser(value) : store.findUserByUsername(value))].flatMap(
            (user) => user ?? [],
          )
    if (found.length > 0 || unknownUsers === 'refuse') return { found, freeUsername: undefined }
    const candidates = by === 'username' ? [value] : usernames
    const owners = await Promise.all(candidates.map((name) => store.findUserByUsername(name)))
    return { found, freeUsername: candidates.find((_, at) => owners[at] === undefined) }
  },

  decide(input, { found, freeUsername }, moment) {
    const { provided, by, unknownUsers, actor, ...browser } = input
    // Whoever can give a provider any address would else be whoever they like.
    if (provided.isUnverified) return refuse('email_unverified')
    const [known, another] = found
    if (another) return refuse('user_ambiguous')
    if (known) {
      if (known.status === 'disabled') return refuse('user_disabled')
      const { signedIn, writes } = beginSession(known, 'provider', browser, moment)
      return granted(signedIn, ...writes)
    }
    if (unknownUsers === 'refuse') return refuse('user_unknown')
    const user = newUser(input, freeUsername ?? makeId(moment), moment)
    const { signedIn, writes } = beginSession(user, 'provider', browser, moment)
    // The guard is first: of two sign-ins of one new user, the second finds the user of the first.
    const added: Write = { write: 'add_user', user }
    const told = event('user_changed', moment.now, actor, { userId: user.id, detail: 'added' })
    return granted(signedIn, added, told, ...writes)
  },
}

const newUser = ({ provided, by }: ProviderInput, username: string, moment: Moment): User => ({
  id: by === 'id' ? provided.value : makeId(moment),
  username,
  email: provided.email,
  name: provided.name,
  passwordHash: undefined,
  status: 'enabled',
  language: provided.language,
  lockedUntil: undefined,
  region: undefined,
})
