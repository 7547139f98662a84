import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { perform } from '../kernel/kernel.ts'
import { registerClient } from '../kernel/operations/register-client.ts'
import { hashPassword } from '../keys/password.ts'
import { testPassword } from '../testing/account.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import { aClient } from '../testing/records.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'
import { formsOf } from '../testing/visitor.ts'
import type { App, Ask } from './asks.ts'
import { accessTokenOf, countOf, exchange, introspect, refresh, refreshTokenOf, standardApp } from './asks.ts'

const ask =
  (base: string): Ask =>
  async (path, form) => {
    const answer = await fetch(base + path, { method: 'POST', body: new URLSearchParams(form) })
    const text = await answer.text()
    const json: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : {}
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text, json }
  }

/** A browser at one server: keeps its cookies, and follows nothing by itself. */
function browserAt(base: string) {
  const cookies = new Map<string, string>()
  async function go(path: string, form?: Readonly<Record<string, string>>) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const body = form && new URLSearchParams(form)
    const sent = { headers: { cookie }, redirect: 'manual', ...(body && { method: 'POST', body }) } as const
    const answer = await fetch(base + path, sent)
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') }
  }
  /** Sends the form of a page, with its hidden fields. */
  async function press(page: string, action: RegExp, typed: Readonly<Record<string, string>> = {}) {
    const form = formsOf(page).find((one) => action.test(one.action)) ?? assert.fail(`No form to ${action}`)
    return go(form.action, { ...form.hidden, ...typed })
  }
  return { go, press }
}

suite('promises: an uninstall on the page, over two processes', { timeout: 300_000 }, () => {
  let here: TestDeployment
  let servers: readonly ServerProcess[] = []
  let app: App & { readonly legacyTokens: readonly string[] }
  const token = (at: number): string => app.legacyTokens[at] ?? ''
  const over = (at: number): Ask => ask(servers[at % servers.length]?.base ?? '')

  before(async () => {
    here = await testDeployment({ mounts: ['standard'], file: true, policy: { rotate: 'always' } })
    app = standardApp(here)
    const start = (): Promise<ServerProcess> =>
      startServer({
        folder: here.folder,
        config: {
          database: here.config.database,
          root_secret: `env:${rootSecretName}`,
          mounts: [{ dialect: 'standard', prefix: '/', policy: { rotate: 'always' } }],
        },
      })
    servers = await Promise.all([start(), start()])
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.kill()))
    await here.close()
  })

  /** One user with many tokens of one app; the first so many are exchanged. Returns their name. */
  async function oneUser(): Promise<{ readonly username: string; readonly number: number }> {
    const { database, store } = here.deployment
    assert.equal((await exchange(over(0), app, token(0))).status, 200)
    const [row] = await database.query('select number, user_id, organization_id from connections', [])
    await database.query(
      `update legacy_tokens set user_id = $1, organization_id = $2 where status = 'active'`,
      [String(row?.user_id), String(row?.organization_id)],
    )
    const user = await store.findUser(String(row?.user_id))
    assert.ok(user)
    const passwordHash = await hashPassword(testPassword)
    await store.commit([{ write: 'put_user', user: { ...user, passwordHash }, organizations: [] }])
    return { username: user.username, number: Number(row?.number) }
  }

  /** What a resource server is told of a token. */
  async function anApi(): Promise<App> {
    const { id: _made, secrets: _none, ...client } = aClient({ name: 'The API', mayIntrospect: true })
    const actor = { actor: 'operator', address: undefined, requestId: undefined }
    const added = await perform(registerClient, { client, actor }, here.deployment.world)
    assert.ok('granted' in added)
    return { id: added.granted.client.id, secret: added.granted.secret }
  }

  test('an uninstall on the page wins against 50 exchanges and 50 refreshes in flight: nothing of that app is live', async () => {
    const { username, number } = await oneUser()
    const api = await anApi()
    const exchanged = await Promise.all(
      Array.from({ length: 20 }, (_, at) => exchange(over(at), app, token(at + 1))),
    )
    const chains = exchanged.map(refreshTokenOf)

    const user = browserAt(servers[0]?.base ?? '')
    const page = await user.go('/account/apps')
    const signedIn = await user.press(page.text, /sign-in/, { username, password: testPassword })
    assert.equal(signedIn.status, 303)
    const question = await user.go(`/account/apps/${number}/uninstall`)
    assert.match(question.text, /will lose access at once/)

    const exchanges = Array.from({ length: 25 }, (_, at) => exchange(over(at), app, token(at + 21)))
    const refreshes = Array.from({ length: 25 }, (_, at) => refresh(over(at), app, chains[at % 20] ?? ''))
    const uninstalling = user.press(question.text, /uninstall/)
    const moreExchanges = Array.from({ length: 25 }, (_, at) => exchange(over(at + 1), app, token(at + 21)))
    const moreRefreshes = Array.from({ length: 25 }, (_, at) =>
      refresh(over(at + 1), app, chains[at % 20] ?? ''),
    )
    const answers = await Promise.all([...exchanges, ...refreshes, ...moreExchanges, ...moreRefreshes])
    const done = await uninstalling
    assert.deepEqual([done.status, done.location], [303, `/account/apps?done=uninstalled&app=${number}`])
    assert.match((await user.go(done.location ?? '')).text, /is uninstalled\. It has no access any more\./)

    const statuses = new Set(answers.map(({ status }) => status))
    for (const status of statuses) assert.ok([200, 400, 503].includes(status), String(status))
    const live = `select count(*) from grants g join connections c on c.number = g.connection
      where g.connection = ${number} and g.status = 'live' and c.status = 'live' and c.epoch = g.epoch`
    assert.equal(await countOf(here, live), 0)
    for (const [at, answer] of [...exchanged, ...answers].filter(({ status }) => status === 200).entries()) {
      const { json } = await introspect(over(at), api, accessTokenOf(answer))
      assert.deepEqual(json, { active: false })
      const refused = await refresh(over(at + 1), app, refreshTokenOf(answer))
      assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_grant'])
    }
    for (let at = 0; at < 46; at += 1) {
      assert.equal((await exchange(over(at), app, token(at))).status, 400, `legacy token ${at}`)
    }
    assert.equal(await countOf(here, live), 0)
    const events = `select count(*) from events where kind = 'connection_revoked'`
    assert.equal(await countOf(here, events), 1, 'once, and by the user')
    assert.equal(await countOf(here, `${events} and actor like 'user:%'`), 1)
  })
})
