/** Guessing passwords: an account is locked for a while, and nobody learns whether there is one. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { perform } from '../kernel/kernel.ts'
import { unlockSignIn } from '../kernel/operations/unlock-sign-in.ts'
import { composeServer, openDeployment } from '../main.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { aUser } from '../testing/records.ts'
import type { Visit } from '../testing/visitor.ts'
import { visitor } from '../testing/visitor.ts'

const operator = { actor: 'operator', address: undefined, requestId: undefined }
const quarter = 15 * 60_000

suite('pages: an account that is guessed at', () => {
  let host: TestDeployment
  /** A second server over the same database, with a memory of its own. */
  let other: Awaited<ReturnType<typeof secondServer>>
  let section: Readonly<Record<string, string>>
  let page: Visit
  let formCookie: string

  async function secondServer() {
    const deployment = await openDeployment(host.config, { now: () => host.clock.now, numbers: true })
    const app = composeServer(deployment, { write: () => undefined })
    await app.ready()
    return {
      app,
      async close() {
        await app.close()
        await deployment.close()
      },
    }
  }

  before(async () => {
    // All of them come from one address, which would be told to wait before any name is.
    const config = { limits: { sign_in_failures_per_minute: 10_000 } }
    host = await testDeployment({ mounts: ['code'], file: true, config })
    other = await secondServer()
    section = host.sections.code as unknown as typeof section // The members that are read here are texts.
    const user = visitor(host.app)
    page = await user.get('/account/apps')
    formCookie = user.cookies.get('tokenferry_form') ?? ''
  })
  after(async () => {
    await other.close()
    await host.close()
  })

  /** From a browser that was shown the form and has no session. */
  const attempt = (password: string, username = section.username ?? '', app = host.app) => {
    const visiting = visitor(app)
    visiting.cookies.set('tokenferry_form', formCookie)
    return visiting.fill(page, /sign-in$/, { username, password })
  }
  const right = (app = host.app) => attempt(section.password ?? '', undefined, app)
  const guess = (count: number, app = host.app) =>
    Promise.all(Array.from({ length: count }, () => attempt('guess', undefined, app)))
  const found = async () => {
    const one = await host.deployment.store.findUserByUsername(section.username ?? '')
    assert.ok(one)
    return one
  }
  const locks = async () => {
    const events = await host.deployment.store.listEvents(0, 10_000)
    return events.filter(({ kind }) => kind === 'sign_in_locked')
  }

  test('ten failures lock it for a quarter of an hour, the right password too, and then it opens by itself', async () => {
    assert.deepEqual(
      (await guess(10)).map(({ status }) => status),
      Array.from({ length: 10 }, () => 403),
    )
    for (const answer of [await right(), await attempt('guess')]) {
      assert.equal(answer.status, 429)
      assert.equal(answer.headers['retry-after'], '900')
      assert.match(answer.text, /Too many attempts have failed\. Wait 15 minutes, then try again\./)
    }
    host.clock.advance(quarter - 60_000)
    const late = await right()
    assert.equal(late.headers['retry-after'], '60')
    assert.match(late.text, /Wait a minute, then try again\./)
    host.clock.advance(60_000)
    assert.equal((await right()).status, 303)
  })

  test('a name that nobody has is locked alike, in the same words and for the same time', async () => {
    const told = async (username: string): Promise<readonly unknown[]> => {
      const answers: Visit[] = []
      for (let at = 0; at < 12; at += 1) answers.push(await attempt('guess', username))
      host.clock.advance(90_000)
      answers.push(await attempt('guess', username))
      host.clock.advance(quarter - 90_000)
      answers.push(await attempt('guess', username))
      return answers.map(({ status, headers, text }) => [
        status,
        headers['retry-after'],
        text.replaceAll(username, 'NAME'),
      ])
    }
    const [known, unknown] = [await told(section.username ?? ''), await told('somebody else')]
    assert.deepEqual(unknown, known)
    assert.equal(known.length, 14)
    host.clock.advance(quarter)
  })

  test('two servers count together, from a failure at either, and tell nothing of who has an account', async () => {
    const told = async (username: string): Promise<readonly unknown[]> => {
      const answers: Visit[] = []
      for (let at = 0; at < 10; at += 1) answers.push(await attempt('guess', username))
      answers.push(await attempt('guess', username, other.app))
      host.clock.advance(quarter)
      for (let at = 0; at < 10; at += 1)
        answers.push(await attempt('guess', username, at % 2 === 0 ? host.app : other.app))
      for (const app of [host.app, other.app]) answers.push(await attempt('guess', username, app))
      host.clock.advance(60_000)
      await other.close()
      other = await secondServer()
      answers.push(await attempt('guess', username, other.app))
      host.clock.advance(quarter)
      return answers.map(({ status, headers, text }) => [
        status,
        headers['retry-after'],
        text.replaceAll(username, 'NAME'),
      ])
    }
    const known = await told(section.username ?? '')
    assert.deepEqual(await told('nobody at all'), known)
    const waits = known.map((answer) => (answer as readonly unknown[])[1])
    const none = Array.from({ length: 10 }, () => undefined)
    assert.deepEqual(waits, [...none, '900', ...none, '900', '900', '840'])
  })

  test('the database says nothing of a name that was only tried', async () => {
    await attempt('guess', 'my password by mistake')
    const rows = await host.deployment.database.query('select key from counters', [])
    assert.ok(rows.length > 0)
    assert.doesNotMatch(JSON.stringify(rows), /mistake/)
    for (const { key } of rows) assert.match(String(key), /^sign_in_(failed|locked):[\w-]{43}$/)
  })

  test('it is locked once, and told once, however many fail at once at two servers', async () => {
    const before = (await locks()).length
    const answers = (await Promise.all([guess(15), guess(15, other.app)])).flat()
    for (const { status } of answers) assert.ok([403, 429, 503].includes(status), String(status))
    const events = (await locks()).slice(before)
    assert.equal(events.length, 1)
    assert.equal(events[0]?.userId, (await found()).id)
    assert.equal(events[0]?.address, '127.0.0.1')
    assert.ok(events[0]?.requestId)
  })

  test('it stays locked at every server and after a start, until an operator lifts it', async () => {
    await other.close()
    other = await secondServer()
    const statuses = async () => [(await right()).status, (await right(other.app)).status]
    assert.deepEqual(await statuses(), [429, 429])
    const { id } = await found()
    const lifted = await perform(unlockSignIn, { userId: id, actor: operator }, host.deployment.world)
    assert.ok('granted' in lifted)
    assert.deepEqual(await statuses(), [303, 303])
  })

  test('sessions that are open stay', async () => {
    const signedIn = visitor(host.app)
    const first = await signedIn.get('/account/apps')
    await signedIn.fill(first, /sign-in$/, {
      username: section.username ?? '',
      password: section.password ?? '',
    })
    await guess(10)
    assert.equal((await right()).status, 429)
    assert.equal((await signedIn.get('/account/apps')).status, 200)
    assert.doesNotMatch((await signedIn.get('/account/apps')).text, /type="password"/)
    await perform(unlockSignIn, { userId: (await found()).id, actor: operator }, host.deployment.world)
  })

  test('a right password changes nothing in the count: else it would tell whoever guesses that it came', async () => {
    host.clock.advance(quarter)
    await guess(9)
    assert.equal((await right()).status, 303)
    assert.equal((await guess(1))[0]?.status, 403)
    assert.equal((await right()).status, 429)
    host.clock.advance(quarter)
    assert.equal((await right()).status, 303)
  })

  test('a user without a password is told like nobody, and neither locked nor mailed', async () => {
    const { store } = host.deployment
    await store.commit([{ write: 'add_user', user: aUser({ username: 'by-provider' }) }])
    const before = (await locks()).length
    const statuses = []
    for (let at = 0; at < 11; at += 1) statuses.push((await attempt('guess', 'by-provider')).status)
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 403), 429])
    assert.equal((await locks()).length, before)
    assert.equal((await store.findUserByUsername('by-provider'))?.lockedUntil, undefined)
  })
})
