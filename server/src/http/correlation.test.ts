import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { TestAnswer, TestDeployment, TestRequest } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

const idIn = ({ headers }: TestAnswer): unknown => headers['concur-correlationid']
const noted = (host: TestDeployment): unknown => JSON.parse(host.logs.at(-1) ?? '{}').request_id

suite('http: a correlation id, for the dialect that has one', () => {
  let host: TestDeployment
  before(async () => {
    host = await testDeployment({ mounts: ['standard', 'concur'], config: { limits: { body_bytes: 2048 } } })
  })
  after(() => host.close())
  const ask = (request: TestRequest) => host.request('/concur', request)
  const token = '/oauth2/v0/token'
  const html = { accept: 'text/html' }

  const asked: readonly (readonly [string, number, TestRequest])[] = [
    ['a refusal', 400, { path: token, body: {} }],
    ['another method', 405, { path: token, method: 'PUT' }],
    ['a body too large', 400, { path: token, body: 'x'.repeat(4000) }],
    ['a body of another type', 400, { path: token, body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['a path where there is nothing', 404, { path: '/nothing', method: 'GET' }],
    ['the same for a person', 404, { path: '/nothing?a=b', method: 'GET', headers: html }],
    ['the mount itself', 404, { path: '?a=b', method: 'GET' }],
    ['a path that cannot be decoded', 400, { path: '/%zz', method: 'GET' }],
    ['the authorize page', 400, { path: '/oauth2/v0/authorize', method: 'GET', headers: html }],
    ['its other methods', 405, { path: '/oauth2/v0/authorize', method: 'PUT' }],
  ]
  for (const [what, status, request] of asked) {
    test(`is on ${what}, and in the log`, async () => {
      const answer = await ask(request)
      assert.deepEqual([answer.status, idIn(answer)], [status, noted(host)])
      assert.match(String(idIn(answer)), /^[\w-]{12}$/)
    })
  }

  test('is on what is granted, on a redirect to the app and on every document', async () => {
    const section = host.sections.concur
    const [id, secret] = [String(section?.trusted_client_id), String(section?.trusted_client_secret)]
    const body = { grant_type: 'client_credentials', client_id: id, client_secret: secret }
    const granted = await ask({ path: token, body })
    assert.deepEqual([granted.status, idIn(granted)], [200, noted(host)])

    const query = new URLSearchParams({
      client_id: id,
      redirect_uri: String(section?.redirect_uri),
      response_type: 'nothing',
    })
    const redirected = await ask({ path: `/oauth2/v0/authorize?${query}`, method: 'GET' })
    assert.deepEqual([redirected.status, idIn(redirected)], [303, noted(host)])

    const { mounts } = host.deployment
    const mount = mounts.find(({ dialect }) => dialect.correlationHeader !== undefined)
    assert.ok(mount?.dialect.documents?.length)
    for (const { path } of mount.dialect.documents) {
      const document = await host.request('', { path: path(mount.prefix), method: 'GET' })
      assert.equal(document.status, 200)
      assert.match(String(idIn(document)), /^[\w-]{12}$/)
    }
  })

  test('is ours, whatever the caller calls the request', async () => {
    const theirs = { 'concur-correlationid': 'mine', 'request-id': 'mine', 'x-request-id': 'mine' }
    const answer = await ask({ path: token, body: {}, headers: theirs })
    assert.equal(idIn(answer), noted(host))
    assert.notEqual(idIn(answer), 'mine')
  })

  test('is on nothing that belongs to another dialect, or to none', async () => {
    for (const path of ['/oauth2/token', '/nothing', '/healthz', '/.well-known/jwks.json', '/sign-in']) {
      assert.equal(idIn(await host.request('', { path, method: 'GET' })), undefined, path)
    }
  })
})

test('http: a correlation id is on what is the dialect’s alone, where that is mounted at /', async () => {
  const mounts = [
    { dialect: 'concur', prefix: '/' },
    { dialect: 'standard', prefix: '/standard' },
  ]
  const host = await testDeployment({ seed: false, config: { mounts } })
  try {
    const has = async (path: string): Promise<boolean> =>
      idIn(await host.request('', { path, method: 'GET' })) !== undefined
    for (const path of ['/oauth2/v0/token', '/nothing', '/standards']) assert.ok(await has(path), path)
    for (const path of [
      '/standard/oauth2/token',
      '/standard/nothing',
      '/standard?a=b',
      '/healthz',
      '/sign-in',
    ]) {
      assert.ok(!(await has(path)), path)
    }
  } finally {
    await host.close()
  }
})

test('http: a correlation id is on trouble of ours, too', async () => {
  const host = await testDeployment({ mounts: ['concur'] })
  await host.deployment.database.close()
  const path = '/oauth2/v0/token'
  const body = { grant_type: 'client_credentials', client_id: 'a', client_secret: 'b' }
  const answer = await host.request('/concur', { path, body })
  assert.deepEqual([answer.status, idIn(answer)], [503, noted(host)])
  await host.app.close()
  host.deployment.keyRing.close()
})
