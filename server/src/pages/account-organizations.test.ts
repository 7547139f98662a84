/** An organization's apps, as its admins see and govern them. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { AccountBed } from '../testing/account.ts'
import { accountBed } from '../testing/account.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import type { Visitor } from '../testing/visitor.ts'

let host: TestDeployment
let bed: AccountBed
let admin: Visitor
let made = 0

before(async () => {
  host = await testDeployment({
    mounts: ['standard', 'pipedrive'],
    now: Date.UTC(2026, 4, 9, 14, 5),
    seed: false,
  })
  bed = accountBed(host)
  await bed.organization({ id: 'a/b? c', name: 'Acme Ltd' })
  await bed.organization({ id: 'other', name: 'Other Ltd' })
  await bed.person({ id: 'boss', name: 'The boss' }, { 'a/b? c': 'admin', other: 'member' })
  await bed.person({ id: 'member' }, { 'a/b? c': 'member' })
  for (const id of ['one', 'two', 'three']) {
    await bed.person({ id, name: `Number ${id}` }, { 'a/b? c': 'member' })
  }
  admin = await bed.signIn('boss')
})
after(() => host.close())

const apps = '/account/organizations/a%2Fb%3F%20c/apps'

/** An app that three people of the organization use; one of them has not confirmed it. */
async function anApp(): Promise<{ id: string; path: string; numbers: readonly number[] }> {
  made += 1
  const id = `app ${made}/${made}`
  await bed.app({ id, name: `The app ${made}`, dialect: 'pipedrive' })
  const numbers: number[] = []
  for (const userId of ['one', 'two', 'three']) {
    const confirmation = userId === 'three' ? 'pending' : 'not_needed'
    const { number } = await bed.connect({ clientId: id, userId, organizationId: 'a/b? c', confirmation })
    numbers.push(number)
  }
  return { id, path: `${apps}/${encodeURIComponent(id)}`, numbers }
}

suite('account: an organization’s apps', () => {
  test('an admin sees each app with how many people, who waits, and since when', async () => {
    const { path } = await anApp()
    const list = await admin.get(apps)
    assert.equal(list.status, 200)
    assert.match(list.text, /<h1>Apps of Acme Ltd<\/h1>/)
    assert.match(list.text, /aria-current="page">.*Acme Ltd/)
    const entry = list.text.split('<li class="item').find((text) => text.includes(path)) ?? ''
    assert.match(entry, /3 people · 1 waiting for confirmation · Since 9 May 2026 · Not used yet/)
    const app = await admin.get(path)
    assert.equal(app.status, 200)
    for (const name of ['one', 'two', 'three'])
      assert.match(app.text, new RegExp(`Number ${name} \\(${name}\\)`))
    assert.doesNotMatch((await admin.get('/account/apps')).text, /The app/)
  })

  test('an admin confirms for one person', async () => {
    const { path, numbers } = await anApp()
    const done = await admin.fill(await admin.get(path), /confirm/, {})
    assert.equal(done.location, `${path}?done=confirmed&app=${numbers[2]}`)
    assert.equal((await bed.find(numbers[2] ?? 0)).confirmation, 'confirmed')
    assert.match((await admin.get(done.location ?? '')).text, /role="status">The app \d+ is confirmed\./)
  })

  test('an admin uninstalls for one person, and nobody else loses anything', async () => {
    const { path, numbers } = await anApp()
    const question = await admin.get(`/account/apps/${numbers[0]}/uninstall`)
    assert.match(question.text, /will lose access for Number one \(one\) at once/)
    assert.match(question.text, new RegExp(`href="${path}">Cancel`))
    const done = await admin.fill(question, /uninstall/, {})
    assert.equal(done.location, `${path}?done=uninstalled&app=${numbers[0]}`)
    const statuses = await Promise.all(numbers.map(async (number) => (await bed.find(number)).status))
    assert.deepEqual(statuses, ['revoked', 'live', 'live'])
    assert.match((await admin.get(done.location ?? '')).text, /role="status">The app \d+ is uninstalled/)
  })

  test('an app that acts for the whole organization is shown as such', async () => {
    const { id, path } = await anApp()
    const { number } = await bed.connect({ clientId: id, userId: '', organizationId: 'a/b? c' })
    assert.match((await admin.get(path)).text, /<h3>The whole organization<\/h3>/)
    const question = await admin.get(`/account/apps/${number}/uninstall`)
    assert.match(question.text, /will lose access to Acme Ltd at once/)
    await admin.fill(question, /uninstall/, {})
    assert.equal((await bed.find(number)).status, 'revoked')
  })

  test('an app is uninstalled for all after one more question, twice, and allowed again, twice', async () => {
    const { id, path, numbers } = await anApp()
    const question = await admin.get(`${path}/uninstall`)
    assert.match(question.text, /<h1>Uninstall The app \d+ for all of Acme Ltd\?<\/h1>/)
    for (const _ of [1, 2]) {
      const done = await admin.fill(question, /uninstall/, {})
      assert.deepEqual([done.status, done.location], [303, `${path}?done=barred`])
    }
    const { store } = host.deployment
    assert.equal(await store.isBarred('a/b? c', id), true)
    for (const number of numbers) assert.equal((await bed.find(number)).status, 'revoked')
    const barred = await admin.get(`${path}?done=barred`)
    assert.match(barred.text, /role="status">The app \d+ is uninstalled for the whole organization\./)
    assert.match(barred.text, /badge barred">Uninstalled for all<[\s\S]*<p>Since 9 May 2026<\/p>/)
    assert.equal(barred.text.match(/ninstalled for/g)?.length, 2, 'the note and the badge')
    assert.match((await admin.get(apps)).text, /badge barred">Uninstalled for all/)
    assert.equal((await admin.get(`${path}/uninstall`)).location, path)
    for (const _ of [1, 2]) {
      const allowed = await admin.fill(barred, /allow/, {})
      // Nobody has it, so there is nothing to show of it.
      assert.deepEqual(
        [allowed.status, allowed.location],
        [303, `${apps}?done=allowed&client=${encodeURIComponent(id).replaceAll('%20', '+')}`],
      )
      assert.match(
        (await admin.get(allowed.location ?? '')).text,
        /role="status">The app \d+ can be connected again/,
      )
    }
    assert.equal(await store.isBarred('a/b? c', id), false)
    for (const number of numbers) assert.equal((await bed.find(number)).status, 'revoked', 'it stays ended')
  })

  test('whose last user is uninstalled, it is told on the list: its own page is gone', async () => {
    const { path, numbers } = await anApp()
    for (const number of numbers) {
      const question = await admin.get(`/account/apps/${number}/uninstall`)
      const done = await admin.fill(question, /uninstall/, {})
      assert.equal(done.location, `${path}?done=uninstalled&app=${number}`)
    }
    const led = await admin.get(`${path}?done=uninstalled&app=${numbers[2]}`)
    assert.deepEqual([led.status, led.location], [303, `${apps}?done=uninstalled&app=${numbers[2]}`])
    const list = await admin.get(led.location ?? '')
    assert.match(list.text, /role="status">The app \d+ is uninstalled\. It has no access any more\./)
    // The link of a mail, or the browser's way back, leads there too.
    const late = await admin.get(path)
    assert.deepEqual([late.status, late.location], [303, `${apps}?done=gone`])
    assert.match((await admin.get(late.location ?? '')).text, /That app is not connected any more\./)
    const forged = await admin.get(`${path}?done=uninstalled&app=999999999`)
    assert.doesNotMatch((await admin.get(forged.location ?? '')).text, /role="status"/)
  })

  test('an app of the whole organization is told apart from those of people', async () => {
    const { id, path } = await anApp()
    await bed.connect({ clientId: id, userId: '', organizationId: 'a/b? c', confirmation: 'not_needed' })
    const list = await admin.get(apps)
    const entry = list.text.split('<li class="item').find((text) => text.includes(path)) ?? ''
    assert.match(entry, /The whole organization · 3 people · 1 waiting/)
  })

  test('many people stand on several pages', async () => {
    await bed.app({ id: 'popular', name: 'Popular' })
    for (let at = 0; at < 120; at += 1) {
      await bed.connect({ clientId: 'popular', userId: `nobody-${at}`, organizationId: 'a/b? c' })
    }
    let path: string | undefined = `${apps}/popular`
    const counts: number[] = []
    while (path !== undefined) {
      const page = await admin.get(path)
      counts.push(page.text.match(/<li class="item/g)?.length ?? 0)
      path = /href="([^"]+\?after=\d+)"/.exec(page.text)?.[1]
    }
    assert.deepEqual(counts, [50, 50, 20])
    for (const after of ['x', '-1', '1e3', '99999999999999999999', '%00']) {
      assert.equal((await admin.get(`${apps}/popular?after=${after}`)).status, 200, after)
    }
  })

  test('who is no admin, of another organization, or asks for none that there is, is told the same', async () => {
    const { path, numbers } = await anApp()
    const member = await bed.signIn('member')
    const token =
      /name="form_token" value="([^"]+)"/.exec((await member.get('/account/apps')).text)?.[1] ?? ''
    const unknown = await member.get('/account/organizations/no-such/apps')
    assert.equal(unknown.status, 404)
    for (const at of [apps, path, `${path}/uninstall`, '/account/organizations/other/apps']) {
      const page = await member.get(at)
      assert.deepEqual([page.status, page.text], [404, unknown.text], at)
    }
    assert.equal((await admin.get('/account/organizations/other/apps')).text, unknown.text)
    assert.equal((await admin.get(`${apps}/no-such-app`)).text, unknown.text)
    for (const at of [`${path}/uninstall`, `${path}/allow`, `/account/apps/${numbers[0]}/uninstall`]) {
      const answer = await member.post(at, { form_token: token })
      assert.deepEqual([answer.status, answer.text], [404, unknown.text], at)
    }
    const confirm = await member.post(`/account/apps/${numbers[2]}/confirm`, {
      form_token: token,
      scopes: 'read',
    })
    assert.deepEqual([confirm.status, confirm.text], [404, unknown.text])
    for (const number of numbers) assert.equal((await bed.find(number)).status, 'live')
    assert.doesNotMatch((await member.get('/account/apps')).text, /organizations/)
  })

  test('an admin who is one no more governs nothing more', async () => {
    const { path, numbers } = await anApp()
    await bed.person({ id: 'former' }, { 'a/b? c': 'admin' })
    const former = await bed.signIn('former')
    const question = await former.get(`/account/apps/${numbers[0]}/uninstall`)
    const write = {
      write: 'put_membership',
      userId: 'former',
      organizationId: 'a/b? c',
      role: 'member',
    } as const
    await host.deployment.store.commit([write])
    assert.equal((await former.fill(question, /uninstall/, {})).status, 404)
    assert.equal((await former.get(path)).status, 404)
    assert.equal((await bed.find(numbers[0] ?? 0)).status, 'live')
  })
})
