/** Who needs another password, or cannot use theirs, is told where to go. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { accountBed, testPassword } from '../testing/account.ts'
import { testDeployment } from '../testing/deployment.ts'
import { visitor } from '../testing/visitor.ts'

const provider = { name: 'Acme ID', issuer: 'http://127.0.0.1:9', client_id: 'c' }
const passwordPage = 'https://acme.example/password?a=1&b=2'

async function at(config: Readonly<Record<string, unknown>>) {
  const host = await testDeployment({ mounts: ['standard'], seed: false, config })
  const bed = accountBed(host)
  await bed.person({ id: 'alice' })
  return { host, bed, stranger: visitor(host.app), close: () => host.close() }
}

suite('pages: another password', () => {
  test('is chosen at the operator’s page, where there is one', async () => {
    const { bed, stranger, close } = await at({ sign_in: { password_page: passwordPage } })
    const asked = await stranger.get('/account/sessions')
    assert.match(asked.text, /href="https:\/\/acme\.example\/password\?a=1&amp;b=2">Forgot your password\?</)
    const alice = await bed.signIn('alice')
    const { text } = await alice.get('/account/sessions')
    assert.match(text, /href="https:\/\/acme\.example\/password\?a=1&amp;b=2">Choose another password</)
    await close()
  })

  test('is the operator’s to give, where there is none', async () => {
    const brand = { name: 'Sample Inc.', support: 'help@acme.example' }
    const { bed, stranger, close } = await at({ brand })
    assert.doesNotMatch((await stranger.get('/account/apps')).text, /Forgot/)
    const alice = await bed.signIn('alice')
    const { text } = await alice.get('/account/sessions')
    assert.match(text, /Sample Inc\. gives you another password if you ask for one\./)
    assert.match(text, /<a href="mailto:help@acme\.example">Help from Sample Inc\.<\/a>/)
    const german = await alice.get('/account/sessions', { 'accept-language': 'de' })
    assert.match(german.text, /auf Anfrage von Sample Inc\. <a/)
    await close()
  })

  test('is changed at the provider by whoever came from there', async () => {
    const sign_in = { password_page: passwordPage, provider }
    const { host, bed, close } = await at({ sign_in })
    const alice = await bed.signIn('alice')
    assert.match((await alice.get('/account/sessions')).text, /Choose another password/)
    await host.deployment.database.query("update sessions set method = 'provider'", [])
    const { text } = await alice.get('/account/sessions')
    assert.match(text, /You have signed in with Acme ID: change your password there\./)
    assert.doesNotMatch(text, /Choose another password/)
    await close()
  })

  test('who has to wait is told of the way that is open', async () => {
    const { stranger, close } = await at({ sign_in: { provider } })
    const page = await stranger.get('/account/apps')
    const attempt = (password: string, language = 'en') =>
      stranger.fill(page, /sign-in$/, { username: 'alice', password }, { 'accept-language': language })
    for (let count = 0; count < 10; count += 1) await attempt('guess')
    const locked = await attempt(testPassword)
    assert.match(locked.text, /Wait 15 minutes, then try again, or sign in with Acme ID\./)
    assert.match(locked.text, />Sign in with Acme ID<\/button>/)
    const german = await attempt(testPassword, 'de')
    assert.match(german.text, /Warten Sie 15 Minuten [^<]*, oder melden Sie sich mit Acme ID an\./)
    await close()
  })
})
