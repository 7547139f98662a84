/** What brings a code of Concur's about here: in a sentence, for the docs, and in deeds, for the test. */
import { testPassword } from '../testing/account.ts'
import type { ConcurApp, ConcurPerson, ConcurServer, Form, Heard } from './concur-server.ts'

/** Of the apps: where their users are sent back to, what one was called in the old world, what all may do. */
export const redirectUri = 'https://app.example/callback'
export const oldKey = 'OldKeyOfTheApp'
export const appScopes = ['EXPRPT', 'LIST']

export type Cause = {
  /** What somebody has done, in a sentence. */
  readonly because: string
  /** Concur's page leaves open what this code is for: the choice is ours. */
  readonly isOurChoice?: true
  /** Where it is said in another text than the code's first. */
  readonly says?: string
  /** Does it, by commands, pages and requests alone. */
  readonly bring: (at: ConcurServer) => Promise<Brought>
}

export type Brought = {
  readonly heard: Heard
  /** What the caller does next, which shows that nothing was lost: it is granted. */
  readonly after?: () => Promise<Heard>
}

/** A code without a cause does not compile. */
export type Causes = readonly [Cause, ...Cause[]]

/** The `password` grant, with this person's right password. */
export const byPassword = (
  at: ConcurServer,
  { username }: ConcurPerson,
  more: Form = {},
  app: ConcurApp = at.apps.trusted,
): Promise<Heard> => at.token(app, { grant_type: 'password', username, password: testPassword, ...more })

/** A cause that Concur's page does not name. */
export const ours = (cause: Cause): Cause => ({ ...cause, isOurChoice: true })

/** A cause that is a request alone, and the right request for it. */
export const asked = (
  because: string,
  wrong: (at: ConcurServer, person: ConcurPerson) => Promise<Heard>,
  right?: (at: ConcurServer, person: ConcurPerson) => Promise<Heard>,
): Cause => ({
  because,
  async bring(at) {
    const person = at.person()
    const heard = await wrong(at, person)
    return right ? { heard, after: () => right(at, person) } : { heard }
  },
})

/** A cause that an operator makes by a command, and takes back by another. */
export const commanded = (
  because: string,
  done: (person: ConcurPerson, at: ConcurServer) => readonly string[],
  undone: (person: ConcurPerson, at: ConcurServer) => readonly string[],
  request: (at: ConcurServer, person: ConcurPerson) => Promise<Heard> = byPassword,
): Cause => ({
  because,
  async bring(at) {
    const person = at.person()
    await at.run(done(person, at))
    const heard = await request(at, person)
    return {
      heard,
      async after() {
        await at.run(undone(person, at))
        return request(at, person)
      },
    }
  },
})
