/** Where a user is signed in: seeing it, and ending it. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { sha256 } from '../kernel/ring.ts'
import type { AccountBed } from '../testing/account.ts'
import { accountBed, testPassword } from '../testing/account.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { Visit } from '../testing/visitor.ts'
import { formsOf, visitor } from '../testing/visitor.ts'

const firefox = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0',
}

let host: TestDeployment
let bed: AccountBed
let people = 0

before(async () => {
  host = await testDeployment({ mounts: ['standard'], now: Date.UTC(2026, 4, 9, 14, 5), seed: false })
  bed = accountBed(host)
})
after(() => host.close())

/** Somebody who is signed in at so many browsers. */
async function signedIn(count: number) {
  people += 1
  const id = `user-${people}`
  await bed.person({ id })
  return Promise.all(Array.from({ length: count }, () => bed.signIn(id, firefox)))
}

const isSignedIn = async (user: Awaited<ReturnType<typeof signedIn>>[number]): Promise<boolean> =>
  /<h1>Connected apps<\/h1>/.test((await user.get('/account/apps')).text)

suite('account: sign-ins', () => {
  test('each is shown with browser, time and address, this one marked', async () => {
    const [here] = await signedIn(2)
    assert.ok(here)
    const { text } = await here.get('/account/sessions')
    assert.equal(text.match(/<h2>Firefox on Linux<\/h2>/g)?.length, 2)
    assert.equal(text.match(/This browser/g)?.length, 1)
    assert.match(text, /Since 9 May 2026.*14:05 UTC · From 127\.0\.0\.1/)
    assert.doesNotMatch(text, new RegExp(here.cookies.get('tokenferry_session') ?? 'no session'))
  })

  test('one can be ended, and the others stay', async () => {
    const [here, there, elsewhere] = await signedIn(3)
    assert.ok(here && there && elsewhere)
    const page = await here.get('/account/sessions')
    const hash = sha256(there.cookies.get('tokenferry_session') ?? '').toString('hex')
    const form = formsOf(page.text).find(({ hidden }) => hidden.session === hash)
    const end = () => here.post('/account/sessions', form?.hidden ?? {})
    const ended = await end()
    assert.deepEqual([ended.status, ended.location], [303, '/account/sessions?done=ended'])
    assert.match((await here.get(ended.location ?? '')).text, /role="status">That sign-in has ended\./)
    assert.deepEqual(await Promise.all([here, there, elsewhere].map(isSignedIn)), [true, false, true])
    const again = await end()
    assert.deepEqual([again.status, again.location], [ended.status, ended.location])
  })

  test('all others can be ended at once, twice', async () => {
    const users = await signedIn(3)
    const [here] = users
    assert.ok(here)
    const page = await here.get('/account/sessions')
    const form = formsOf(page.text).find(({ hidden }) => hidden.session === 'others')
    for (const _ of [1, 2]) {
      const ended = await here.post('/account/sessions', form?.hidden ?? {})
      assert.deepEqual([ended.status, ended.location], [303, '/account/sessions?done=others_ended'])
    }
    assert.deepEqual(await Promise.all(users.map(isSignedIn)), [true, false, false])
    assert.match((await here.get('/account/sessions')).text, /You are signed in nowhere else\./)
  })

  test('nobody ends the session of somebody else, whatever they send', async () => {
    const [attacker] = await signedIn(1)
    const [victim] = await signedIn(1)
    assert.ok(attacker && victim)
    const token = formsOf((await attacker.get('/account/sessions')).text)[0]?.hidden.form_token ?? ''
    const hash = sha256(victim.cookies.get('tokenferry_session') ?? '').toString('hex')
    for (const session of [
      hash,
      hash.toUpperCase(),
      `${hash}00`,
      '',
      'x',
      '%',
      "' or 1=1",
      'f'.repeat(5000),
    ]) {
      const answer: Visit = await attacker.post('/account/sessions', { form_token: token, session })
      assert.equal(answer.status, 303, session)
    }
    assert.equal(await isSignedIn(victim), true)
    assert.equal(await isSignedIn(attacker), true)
  })

  test('a session that has expired is listed no more', async () => {
    const [old] = await signedIn(1)
    host.clock.advance(11 * 3_600_000)
    const here = await bed.signIn(`user-${people}`)
    host.clock.advance(2 * 3_600_000)
    assert.ok(old)
    assert.match((await here.get('/account/sessions')).text, /You are signed in nowhere else\./)
    assert.equal(await isSignedIn(old), false)
  })

  test('signing out ends this one, says so, and says so again', async () => {
    const [here, there] = await signedIn(2)
    assert.ok(here && there)
    const page = await here.get('/account/apps')
    const out = await here.fill(page, /sign-out/, {})
    assert.deepEqual([out.status, out.location], [303, '/sign-out'])
    assert.equal(here.cookies.has('tokenferry_session'), false)
    const again = await here.fill(page, /sign-out/, {})
    assert.deepEqual([again.status, again.location], [303, '/sign-out'])
    const seen = await here.get('/sign-out')
    assert.match(seen.text, /You are signed out\./)
    assert.match(seen.text, /href="\/account\/apps">Sign in again</)
    assert.equal(await isSignedIn(there), true)
    assert.equal((await there.get('/sign-out')).location, '/account/apps')
  })

  test('a session that was planted before the sign-in is not the one after it, and is over', async () => {
    const [attacker] = await signedIn(1)
    assert.ok(attacker)
    const planted = attacker.cookies.get('tokenferry_session') ?? ''
    await bed.person({ id: 'victim' })
    const victim = visitor(host.app)
    const page = await victim.get('/account/apps')
    victim.cookies.set('tokenferry_session', planted)
    await victim.fill(page, /sign-in/, { username: 'victim', password: testPassword })
    const own = victim.cookies.get('tokenferry_session') ?? ''
    assert.notEqual(own, planted)
    assert.equal(await isSignedIn(attacker), false)
    assert.equal((await host.deployment.store.findSession(sha256(own)))?.user.id, 'victim')
  })

  test('a sign-in renews the session of the same user, too', async () => {
    await bed.person({ id: 'again' })
    const user = await bed.signIn('again')
    const before = user.cookies.get('tokenferry_session') ?? ''
    const other = visitor(host.app)
    const page = await other.get('/account/apps')
    for (const [name, value] of other.cookies) user.cookies.set(name, value)
    await user.fill(page, /sign-in/, { username: 'again', password: testPassword })
    assert.notEqual(user.cookies.get('tokenferry_session'), before)
    assert.equal(await host.deployment.store.findSession(sha256(before)), undefined)
  })
})
