/** Addresses at which there is neither a page nor an endpoint: people get a page, programs their dialect. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { prefersHtml } from './prefers-html.ts'

/** What browsers send where a user opens an address. */
const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

const nowhere = [
  '/acount/apps',
  '/oauth/nothing',
  '/code/nothing',
  '/code',
  '/account/apps/%zz',
  '/%',
  '/code/%c3',
]

suite('pages: elsewhere', () => {
  let host: TestDeployment
  before(async () => {
    host = await testDeployment({ mounts: ['standard', 'code'] })
  })
  after(() => host.close())

  const ask = (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
    host.request('', { method, path, headers })

  test('the address without a path leads people to their apps', async () => {
    const answer = await ask('/', { accept })
    assert.deepEqual([answer.status, answer.headers.location], [303, '/account/apps'])
    assert.equal((await ask('/?utm=1', { accept })).status, 303)
    assert.equal((await ask('/')).json.error, 'invalid_request')
  })

  for (const path of nowhere) {
    test(`${path} is a page for people and JSON for programs`, async () => {
      const page = await ask(path, { accept, 'accept-language': 'de' })
      assert.equal(page.status, 404)
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
      assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
      assert.equal(page.headers.vary, 'Accept, Accept-Language')
      assert.match(page.text, /<h1>Hier ist nichts<\/h1>[\s\S]*href="\/account\/apps"/)
      for (const other of ['*/*', 'application/json', 'application/json, text/html;q=0.9', '']) {
        const answer = await ask(path, { accept: other })
        assert.match(String(answer.headers['content-type']), /^(application\/json|text\/html)/)
        if (path.startsWith('/account/')) continue
        assert.equal(typeof answer.json.error, 'string', `${path} for ${other}`)
      }
    })
  }

  test('what is no question of a person keeps to the dialect', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      assert.equal(typeof (await ask('/nothing', { accept }, method)).json.error, 'string')
    }
    assert.equal(typeof (await ask('/oauth2/token', { accept })).json.error, 'string')
  })

  test('where no dialect is mounted at the root, it is a page as well', async () => {
    const alone = await testDeployment({ mounts: ['code'] })
    try {
      const page = await alone.request('', { method: 'GET', path: '/nothing', headers: { accept } })
      assert.deepEqual([page.status, /<h1>There is nothing here/.test(page.text)], [404, true])
      const json = await alone.request('', { method: 'GET', path: '/nothing' })
      assert.deepEqual([json.status, json.json.error], [404, 'invalid_request'])
    } finally {
      await alone.close()
    }
  })

  test('only who names text/html, and likes it better than JSON, gets a page', () => {
    for (const wanted of [
      accept,
      'text/html',
      'TEXT/HTML;q=0.2',
      'application/json;q=0.5, text/html; q=0.9',
    ]) {
      assert.equal(prefersHtml(wanted), true, wanted)
    }
    for (const other of [
      undefined,
      '',
      '*/*',
      'text/*',
      'application/json',
      'application/json, text/html',
      'text/html;q=0',
      'text/html;q=2',
      'text/htmlish',
      `${'x/y,'.repeat(200)}text/html`,
    ]) {
      assert.equal(prefersHtml(other), false, other)
    }
  })
})
