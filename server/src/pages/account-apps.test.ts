/** A user's connected apps: what is shown, confirming and uninstalling. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { AccountBed } from '../testing/account.ts'
import { accountBed } from '../testing/account.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { Visitor } from '../testing/visitor.ts'
import { formsOf } from '../testing/visitor.ts'

const day = 86_400_000

let host: TestDeployment
let bed: AccountBed
before(async () => {
  host = await testDeployment({
    mounts: ['standard', 'pipedrive'],
    now: Date.UTC(2026, 4, 9, 14, 5),
    seed: false,
    config: { scopes: { read: { en: 'See your deals', de: 'Ihre Geschäfte ansehen' } } },
  })
  bed = accountBed(host)
  await bed.organization({ id: 'acme', name: 'Acme Ltd' })
  await bed.person({ id: 'alice', name: 'Alice Sample' }, { acme: 'member' })
  await bed.person({ id: 'bob' }, { acme: 'member' })
  await bed.app({ id: 'mailer', name: 'Mailer', maker: 'Mail Makers' })
  await bed.app({ id: 'dialer', name: 'Dialer', dialect: 'pipedrive' })
})
after(() => host.close())

/** Alice with one connection that waits, and one that she has allowed. */
async function withTwo(): Promise<{ alice: Visitor; waiting: number; allowed: number }> {
  const number = host.deployment.world.moment().number()
  const id = `alice-${number}`
  await bed.person({ id }, { acme: 'member' })
  const connected = { userId: id, organizationId: 'acme' }
  const allowed = await bed.connect({
    ...connected,
    clientId: 'mailer',
    origin: 'authorized',
    scopes: ['read', 'write'],
    since: host.clock.now - 40 * day,
  })
  const waiting = await bed.connect({ ...connected, clientId: 'dialer', confirmation: 'pending' })
  return { alice: await bed.signIn(id), waiting: waiting.number, allowed: allowed.number }
}

const entriesOf = (page: string): readonly string[] =>
  [...page.matchAll(/<li class="item[^"]*">[\s\S]*?<\/div>\n<\/li>/g)].map(([entry]) => entry)

suite('account: connected apps', () => {
  test('who has allowed nothing is told what will be here', async () => {
    const user = await bed.signIn('bob')
    const page = await user.get('/account/apps')
    assert.equal(page.status, 200)
    assert.match(page.text, /<h2>No app is connected<\/h2>/)
    assert.match(page.text, /moved over from an API token/)
    assert.doesNotMatch(page.text, /role="search"/)
  })

  test('each app says who made it, for which organization, how it came, what it may do, and when it was used', async () => {
    const { alice, allowed } = await withTwo()
    await host.deployment.database.query('update connections set last_used = $2 where number = $1', [
      allowed,
      host.clock.now - day,
    ])
    const { text } = await alice.get('/account/apps')
    const [waiting = '', mailer = ''] = entriesOf(text)
    assert.match(mailer, /Mailer<\/a><\/h3>\s*<p>by Mail Makers<\/p>/)
    assert.match(mailer, /<p>Acme Ltd · You allowed it on 30 March 2026 · Last used yesterday<\/p>/)
    assert.match(mailer, /<li>See your deals <code>read<\/code><\/li>\s*<li>write<\/li>/)
    assert.doesNotMatch(mailer, /Confirm/)
    assert.match(waiting, /Dialer/)
    assert.match(waiting, /Moved over from an API token on 9 May 2026 · Not used yet/)
    assert.match(waiting, /<span class="badge waiting">Waiting for your confirmation<\/span>/)
    assert.match(waiting, /It works already\./)
  })

  test('the browser’s language is the page’s', async () => {
    const { alice } = await withTwo()
    const { text } = await alice.get('/account/apps', { 'accept-language': 'de' })
    assert.match(text, /<h1>Verbundene Apps<\/h1>/)
    assert.match(text, /Von Ihnen erlaubt am 30\. März 2026/)
    assert.match(text, /Ihre Geschäfte ansehen <code>read<\/code>/)
  })

  test('what waits under a policy that requires it says what the app reaches meanwhile', async () => {
    await bed.person({ id: 'carol' })
    const user = await bed.signIn('carol')
    for (const [id, legacyAfterExchange, said] of [
      ['strict', 'retire', /It has no access until you confirm it\./],
      ['lenient', 'keep', /its old API token still does\. To end both, uninstall it/],
      ['soon-strict', { retireAfterSeconds: 60 }, /its old API token still does, for a limited time/],
    ] as const) {
      await bed.app({ id, name: id, policy: { confirmation: 'required', legacyAfterExchange } })
      const { number } = await bed.connect({ clientId: id, userId: 'carol', confirmation: 'pending' })
      for (const path of ['/account/apps', `/account/apps/${number}`]) {
        assert.match((await user.get(path)).text, said)
      }
    }
  })

  test('what does nothing before it is confirmed is not said to have been used', async () => {
    await bed.person({ id: 'erin' }, { acme: 'admin' })
    const user = await bed.signIn('erin')
    await bed.app({ id: 'asleep', name: 'Asleep', policy: { confirmation: 'required' } })
    const there = { clientId: 'asleep', userId: 'erin', organizationId: 'acme' }
    const { number } = await bed.connect({ ...there, confirmation: 'pending' })
    const set = (sql: string) =>
      host.deployment.database.query(`update connections set ${sql} where number = $1`, [number])
    await set(`last_used = ${host.clock.now}`)
    const pages = ['/account/apps', `/account/apps/${number}`, '/account/organizations/acme/apps/asleep']
    const list = async () =>
      (await user.get('/account/organizations/acme/apps')).text
        .split('<li')
        .find((text) => /Asleep/.test(text))
    for (const path of pages) assert.doesNotMatch((await user.get(path)).text, /used/i, path)
    assert.doesNotMatch((await list()) ?? '', /used/i)
    await set("confirmation = 'confirmed'")
    for (const path of pages) assert.match((await user.get(path)).text, /Last used(<\/dt><dd>)? ?today/, path)
    assert.match((await list()) ?? '', /Last used today/)
  })

  test('a disabled app is marked so', async () => {
    await bed.app({ id: 'off', name: 'Off', status: 'disabled' })
    await bed.person({ id: 'dan' })
    const { number } = await bed.connect({ clientId: 'off', userId: 'dan' })
    const user = await bed.signIn('dan')
    assert.match((await user.get('/account/apps')).text, /<span class="badge barred">Disabled<\/span>/)
    assert.match((await user.get(`/account/apps/${number}`)).text, /has disabled this app/)
  })

  test('/account leads to the apps', async () => {
    const user = await bed.signIn('bob')
    for (const path of ['/account', '/account/']) {
      const answer = await user.get(path)
      assert.deepEqual([answer.status, answer.location], [303, '/account/apps'])
    }
  })
})

suite('account: confirming', () => {
  test('an app is confirmed in the list, and the page says so', async () => {
    const { alice, waiting } = await withTwo()
    const done = await alice.fill(await alice.get('/account/apps'), /confirm/, {})
    assert.equal(done.status, 303)
    assert.equal(done.location, `/account/apps?done=confirmed&app=${waiting}`)
    assert.equal((await bed.find(waiting)).confirmation, 'confirmed')
    const page = await alice.get(done.location ?? '')
    assert.match(page.text, /<p class="told" role="status">Dialer is confirmed\.<\/p>/)
    assert.doesNotMatch(page.text, /badge waiting/)
    const [event] = await host.deployment.database.query(
      `select actor, detail from events where kind = 'connection_confirmed' order by id desc limit 1`,
      [],
    )
    assert.match(String(event?.actor), /^user:alice-/)
  })

  test('pressed twice, it is confirmed once and says the same', async () => {
    const { alice, waiting } = await withTwo()
    const page = await alice.get(`/account/apps/${waiting}`)
    const first = await alice.fill(page, /confirm/, {})
    const second = await alice.fill(page, /confirm/, {})
    assert.deepEqual([second.status, second.location], [first.status, first.location])
    assert.match((await alice.get(second.location ?? '')).text, /Dialer is confirmed\./)
    const sql = `select count(*) as n from events where kind = 'connection_confirmed' and detail = $1`
    const [row] = await host.deployment.database.query(sql, [`connection ${waiting}`])
    assert.equal(row?.n, 1)
  })

  test('what came to it since the page was shown is not confirmed, but shown', async () => {
    const { alice, waiting } = await withTwo()
    const page = await alice.get('/account/apps')
    const connection = { number: waiting, scopes: ['read', 'admin'], confirmation: 'pending' } as const
    await host.deployment.store.commit([{ write: 'widen_connection', connection }])
    const done = await alice.fill(page, /confirm/, {})
    assert.equal((await bed.find(waiting)).confirmation, 'pending')
    assert.equal(done.location, `/account/apps/${waiting}?done=changed&app=${waiting}`)
    const shown = await alice.get(done.location ?? '')
    assert.match(shown.text, /What Dialer may do has changed in the meantime/)
    assert.match(shown.text, /<li>admin<\/li>/)
    await alice.fill(shown, /confirm/, {})
    assert.equal((await bed.find(waiting)).confirmation, 'confirmed')
  })

  test('what was uninstalled meanwhile is not confirmed, and the list is shown as it is now', async () => {
    const { alice, waiting } = await withTwo()
    const page = await alice.get('/account/apps')
    await alice.fill(await alice.get(`/account/apps/${waiting}/uninstall`), /uninstall/, {})
    const done = await alice.fill(page, /confirm/, {})
    assert.equal(done.status, 303)
    const now = await alice.get(done.location ?? '')
    assert.match(now.text, /That app is not connected any more\./)
    assert.doesNotMatch(now.text, /Dialer/)
  })
})

suite('account: uninstalling', () => {
  test('an app is uninstalled after one more question, and the page says so', async () => {
    const { alice, allowed } = await withTwo()
    const question = await alice.get(`/account/apps/${allowed}/uninstall`)
    assert.match(question.text, /<h1>Uninstall Mailer\?<\/h1>/)
    assert.match(question.text, /Mailer will lose access at once\. Its API tokens stop working too\./)
    assert.match(question.text, /<a class="button second" href="\/account\/apps">Cancel<\/a>/)
    assert.equal((await bed.find(allowed)).status, 'live', 'a question changes nothing')
    const done = await alice.fill(question, /uninstall/, {})
    assert.deepEqual([done.status, done.location], [303, `/account/apps?done=uninstalled&app=${allowed}`])
    assert.equal((await bed.find(allowed)).status, 'revoked')
    const page = await alice.get(done.location ?? '')
    assert.match(page.text, /role="status">Mailer is uninstalled\. It has no access any more\.</)
    assert.equal(entriesOf(page.text).length, 1)
  })

  test('pressed twice, it is uninstalled once and says the same', async () => {
    const { alice, allowed } = await withTwo()
    const question = await alice.get(`/account/apps/${allowed}/uninstall`)
    const both = await Promise.all([1, 2].map(() => alice.fill(question, /uninstall/, {})))
    for (const { status, location } of both) {
      assert.deepEqual([status, location], [303, `/account/apps?done=uninstalled&app=${allowed}`])
    }
    const { epoch } = await bed.find(allowed)
    assert.equal(epoch, 2)
    const old = await alice.get(`/account/apps/${allowed}`)
    assert.equal(old.location, '/account/apps?done=gone')
    assert.match((await alice.get(old.location ?? '')).text, /not connected any more/)
  })

  test('a link cannot make the page say what is not so', async () => {
    const { alice, waiting, allowed } = await withTwo()
    const other = await bed.connect({ clientId: 'mailer', userId: 'bob', status: 'revoked' })
    const links = [
      `done=confirmed&app=${waiting}`,
      `done=uninstalled&app=${allowed}`,
      `done=uninstalled&app=${other.number}`,
      `done=changed&app=${allowed}`,
      'done=confirmed&app=999999999',
      'done=confirmed&app=99999999999999999999',
      'done=confirmed&app=-1',
      'done=confirmed&app=1e3',
      'done=uninstalled&app=x%27--',
      'done=uninstalled',
      'done=<b>You have won</b>',
      'done=constructor',
      'done=__proto__',
      'done=%zz',
      'done=barred',
    ]
    for (const query of links) {
      const page = await alice.get(`/account/apps?${query}`)
      assert.equal(page.status, 200, query)
      assert.doesNotMatch(page.text, /role="status"|have won/, query)
    }
  })
})

suite('account: many apps', () => {
  const many = 200
  before(async () => {
    await bed.person({ id: 'mallory' })
    for (let at = 0; at < many; at += 1) {
      const id = `app-${String(at).padStart(3, '0')}`
      await bed.app({ id, name: `App ${id}`, maker: at % 10 === 0 ? 'Ten & Co' : undefined })
      const confirmation = at === 150 ? 'pending' : 'not_needed'
      await bed.connect({ clientId: id, userId: 'mallory', confirmation })
    }
  })

  test('they stand on pages of fifty, those that wait on the first', async () => {
    const user = await bed.signIn('mallory')
    const seen = new Set<string>()
    let path: string | undefined = '/account/apps'
    let pages = 0
    while (path !== undefined) {
      const page = await user.get(path)
      pages += 1
      const names = entriesOf(page.text).map((entry) => /App app-\d+/.exec(entry)?.[0] ?? '')
      if (pages === 1) assert.equal(names[0], 'App app-150')
      assert.equal(names.length, 50)
      for (const name of names) seen.add(name)
      assert.match(page.text, new RegExp(`Page ${pages} of 4`))
      path = /rel="next" href="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&')
    }
    assert.deepEqual([pages, seen.size], [4, many])
  })

  test('a page of them asks the database a handful of questions and is no larger than a picture', async () => {
    const user = await bed.signIn('mallory')
    const { database } = host.deployment
    const { query, read, scan } = database
    let asked = 0
    const counted = (ask: typeof query): typeof query => {
      return (...question) => {
        asked += 1
        return ask(...question)
      }
    }
    Object.assign(database, { query: counted(query), read: counted(read), scan: counted(scan) })
    const page = await user.get('/account/apps')
    Object.assign(database, { query, read, scan })
    // The session, the organizations and the apps.
    assert.equal(asked, 3)
    assert.ok(page.text.length < 80_000, String(page.text.length))
  })

  test('a part of the name, the maker or the organization finds an app, and paging keeps what was looked for', async () => {
    const user = await bed.signIn('mallory')
    const shown = async (query: string) => (await user.get(`/account/apps?${query}`)).text
    assert.equal(entriesOf(await shown('q=APP-01')).length, 10)
    const made = await shown('q=ten+%26+co')
    assert.equal(entriesOf(made).length, 20)
    assert.match(made, /value="ten &amp; co"/)
    assert.match(made, /20 apps/)
    assert.match(await shown('q=app-0'), /href="\/account\/apps\?q=app-0&amp;page=2"/)
    const none = await shown('q=nothing+like+it')
    assert.equal(entriesOf(none).length, 0)
    assert.match(none, /No app matches/)
    assert.match(none, /Show all apps/)
  })

  test('a page that there is not is the nearest one that there is', async () => {
    const user = await bed.signIn('mallory')
    for (const [page, shown] of [
      ['9', 4],
      ['0', 1],
      ['-1', 1],
      ['1e1', 1],
      ['999999999999999999', 1],
      ['x', 1],
    ] as const) {
      assert.match((await user.get(`/account/apps?page=${page}`)).text, new RegExp(`Page ${shown} of 4`))
    }
    for (const query of ['q=%00', 'q=a&q=b', `q=${'x'.repeat(5000)}`, 'q=%ff', '?', '&&&']) {
      assert.equal((await user.get(`/account/apps?${query}`)).status, 200, query)
    }
  })

  test('no form of the list holds more than its own app', async () => {
    const user = await bed.signIn('mallory')
    const forms = formsOf((await user.get('/account/apps')).text).filter(({ action }) =>
      /confirm/.test(action),
    )
    assert.equal(forms.length, 1)
    assert.deepEqual(Object.keys(forms[0]?.hidden ?? {}).sort(), ['form_token', 'scopes'])
  })
})
