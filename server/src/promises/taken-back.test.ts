/** What an app was handed before somebody took it all back does not bring it back. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { testPassword } from '../testing/account.ts'
import { visitorAt } from '../testing/visitor.ts'
import { byPassword } from './concur-cause.ts'
import type { ConcurPerson, ConcurServer, Form, Heard } from './concur-server.ts'
import { concurServer } from './concur-server.ts'

type Taking = (at: ConcurServer, person: ConcurPerson, pair: Heard) => Promise<void>

const app = ({ apps }: ConcurServer): string => apps.trusted.id
const signedIn = async (at: ConcurServer, { username }: ConcurPerson) => {
  const user = visitorAt(new URL(at.base).origin)
  const page = await user.get('/account/apps')
  await user.fill(page, /sign-in/, { username, password: testPassword })
  return user
}
const giveUp = async (at: ConcurServer, { json }: Heard): Promise<void> => {
  const bearer = String(json.access_token)
  const ended = await at.send({ method: 'DELETE', path: '/app-mgmt/v0/connections', bearer })
  assert.equal(ended.status, 200, ended.text)
}

const takings: Readonly<Record<string, Taking>> = {
  async 'the user has uninstalled the app'(at, person) {
    const user = await signedIn(at, person)
    const apps = await user.get('/account/apps')
    const [, path = ''] = /href="(\/account\/apps\/\d+\/uninstall)"/.exec(apps.text) ?? []
    assert.equal((await user.fill(await user.get(path), /uninstall$/, {})).status, 303)
  },
  async 'the operator has revoked the connection'(at, { id }) {
    const [, number = ''] = /^(\d+) /m.exec(await at.run(['connection', 'list', '--user', id])) ?? []
    await at.run(['connection', 'revoke', number])
  },
  'the app has given up its connections': (at, _person, pair) => giveUp(at, pair),
  async 'the user was barred from the app for a while'(at, { id }) {
    for (const word of ['bar', 'unbar']) await at.run(['user', word, id, app(at)])
  },
  async 'the company had barred the app for a while'(at, { company }) {
    for (const word of ['bar', 'unbar']) await at.run(['organization', word, company, app(at)])
  },
}

suite('promises: what was taken back stays taken back', { timeout: 300_000 }, () => {
  let at: ConcurServer
  before(async () => {
    at = await concurServer()
  })
  after(() => at.close())

  const channel = ({ email }: ConcurPerson): Form => ({ channel_type: 'email', channel_handle: email })
  const askForDigits = (person: ConcurPerson): Promise<Heard> => {
    const { id: client_id, secret: client_secret } = at.apps.trusted
    return at.send({ path: '/oauth2/v0/otp', form: { client_id, client_secret, ...channel(person) } })
  }
  const byDigits = (person: ConcurPerson, otp: string): Promise<Heard> =>
    at.token(at.apps.trusted, { grant_type: 'otp', ...channel(person), otp })
  const codeOf = ({ status, json }: Heard): unknown => (status === 200 ? 200 : json.code)

  for (const [name, taking] of Object.entries(takings)) {
    test(`a code that was mailed before gives nothing once ${name}`, async () => {
      const person = at.person()
      const pair = await byPassword(at, person)
      assert.equal(pair.status, 200, pair.text)
      assert.equal((await askForDigits(person)).status, 200)
      const digits = await at.digitsFor(person.email)
      await taking(at, person, pair)
      assert.equal(codeOf(await byDigits(person, digits)), 83)
      // Whoever asks for a new one and gives it to the app has allowed it anew.
      assert.equal((await askForDigits(person)).status, 200)
      assert.equal(codeOf(await byDigits(person, await at.digitsFor(person.email, 1))), 200)
    })
  }

  test('an app that gives up its connections in between sends no more than five mails', async () => {
    const person = at.person()
    const heard: unknown[] = []
    for (let count = 0; count < 6; count += 1) {
      heard.push(codeOf(await askForDigits(person)))
      await giveUp(at, await byPassword(at, person))
    }
    assert.deepEqual(heard, [200, 200, 200, 200, 200, 82])
  })

  const byRequestToken = (username: string, requestToken: unknown): Promise<Heard> =>
    at.token(at.apps.trusted, {
      ...{ grant_type: 'password', credtype: 'authtoken' },
      ...{ username, password: String(requestToken) },
    })
  const requestToken = async ({ company }: ConcurPerson, ...more: readonly string[]): Promise<string> => {
    const made = await at.json([
      ...['request-token', 'add', '--client', app(at), '--organization', company],
      ...more,
    ])
    return String(made.requestToken)
  }

  test('a request token that is still out goes with what the app gives up: the company’s, and a user’s', async () => {
    const person = at.person()
    for (const [subject, ...more] of [[person.company], [person.id, '--user', person.id]]) {
      assert.ok(subject)
      const pair = await byRequestToken(subject, await requestToken(person, ...more))
      assert.equal(pair.status, 200, pair.text)
      const stillOut = await requestToken(person, ...more)
      await giveUp(at, pair)
      assert.equal(codeOf(await byRequestToken(subject, stillOut)), 19)
      assert.equal(codeOf(await byRequestToken(subject, await requestToken(person, ...more))), 200)
    }
  })

  test('a request token goes with the authority of the admin who made it; the operator’s stays', async () => {
    const admin = at.person()
    const role = (of: string) => ['organization', 'member', 'set', admin.company, admin.id, '--role', of]
    await at.run(role('admin'))
    const user = await signedIn(at, admin)
    const path = `/account/organizations/${admin.company}/connect/${app(at)}`
    const shown = await user.fill(await user.get(path), /\/connect\/[^/]+$/, {})
    const [token] = /tfq_[0-9A-Za-z]+/.exec(shown.text) ?? assert.fail(shown.text)
    const redeem = () => byRequestToken(admin.company, token)

    await at.run(role('member'))
    const refused = await redeem()
    assert.deepEqual([refused.status, codeOf(refused)], [400, 19])
    await at.run(role('admin'))
    const first = await redeem()
    assert.equal(first.status, 200, first.text)
    await at.run(['user', 'disable', admin.id])
    assert.equal(codeOf(await redeem()), 19, 'a lost answer is said again by nobody’s word')
    await at.run(['user', 'enable', admin.id])
    assert.equal((await redeem()).json.refresh_token, first.json.refresh_token)
    await at.run(['organization', 'member', 'remove', admin.company, admin.id])
    assert.equal(codeOf(await redeem()), 19)

    const operators = await requestToken(admin)
    assert.equal(codeOf(await byRequestToken(admin.company, operators)), 200)
  })
})
