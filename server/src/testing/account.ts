/** People, organizations and connected apps, for tests of the account's pages. */
import assert from 'node:assert/strict'
import type { Write } from '../kernel/decision.ts'
import type { Client, Connection, Membership, Organization, User } from '../kernel/records.ts'
import { hashPassword } from '../keys/password.ts'
import type { TestDeployment } from './deployment.ts'
import { aClient, aConnection, anOrganization, aUser } from './records.ts'
import type { Visitor } from './visitor.ts'
import { visitor } from './visitor.ts'

export const testPassword = 'a password for tests'

export type AccountBed = {
  organization(changes: Partial<Organization> & { readonly id: string }): Promise<void>
  /** Somebody with a password, and the role in each organization. */
  person(
    changes: Partial<User> & { readonly id: string },
    roles?: Readonly<Record<string, Membership['role']>>,
  ): Promise<void>
  app(changes: Partial<Client> & { readonly id: string }): Promise<void>
  connect(changes: Partial<Connection>): Promise<Connection>
  find(number: number): Promise<Connection>
  /** A browser at which this person has signed in. */
  signIn(username: string, headers?: Readonly<Record<string, string>>): Promise<Visitor>
}

export function accountBed({ deployment, app, clock }: TestDeployment): AccountBed {
  const { store, world } = deployment
  const commit = async (...writes: Write[]): Promise<void> =>
    assert.equal(await store.commit(writes), 'committed')
  const hashed = hashPassword(testPassword)

  return {
    organization: (changes) =>
      commit({ write: 'put_organization', organization: anOrganization({ name: changes.id, ...changes }) }),
    async person(changes, roles = {}) {
      const user = aUser({ username: changes.id, passwordHash: await hashed, ...changes })
      await commit({ write: 'put_user', user, organizations: [] })
      for (const [organizationId, role] of Object.entries(roles)) {
        await commit({ write: 'put_membership', userId: user.id, organizationId, role })
      }
    },
    app: (changes) =>
      commit({ write: 'add_client', client: aClient({ name: changes.id, ...changes }), at: clock.now }),
    async connect(changes) {
      const connection = aConnection({ number: world.moment().number(), since: clock.now, ...changes })
      await commit({ write: 'allow_connection', connection, seen: undefined })
      return connection
    },
    async find(number) {
      const found = await store.findConnectionByNumber(number)
      return found ?? assert.fail(`There is no connection ${number}.`)
    },
    async signIn(username, headers = {}) {
      const user = visitor(app)
      const page = await user.get('/account/apps', headers)
      const answer = await user.fill(page, /sign-in/, { username, password: testPassword }, headers)
      assert.equal(answer.status, 303, answer.text)
      assert.equal(answer.location, '/account/apps')
      return user
    },
  }
}
