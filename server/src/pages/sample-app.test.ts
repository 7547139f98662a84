import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import fastify from 'fastify'
import { brandOf } from '../brand.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'
import { sampleApp } from './sample-app.ts'

suite("pages: the demo's sample app", () => {
  let here: TestDeployment
  let app: FastifyInstance

  before(async () => {
    here = await testDeployment()
    const { config, mounts, store } = here.deployment
    app = fastify()
    sampleApp({
      publicUrl: config.public_url,
      mounts,
      brand: brandOf(config),
      language: 'en',
      scopes: {},
      clients: () => store.listClients(),
      demoFile: '/data/<demo>.json',
    })(app)
  })
  after(async () => {
    await app.close()
    await here.close()
  })

  test('shows what it got, as text, whatever that is', async () => {
    const allowed = await app.inject('/callback?code=abc&state=%3Cscript%3E')
    assert.equal(allowed.statusCode, 200)
    assert.match(allowed.payload, /<dd><code>abc<\/code><\/dd>/)
    assert.ok(!allowed.payload.includes('<script>'))
    assert.match(String(allowed.headers['content-security-policy']), /default-src 'none'/)
  })

  test('tells a refusal of the user from one of the server, and says what it is where nothing came', async () => {
    const text = async (query: string) => (await app.inject(`/callback${query}`)).payload
    assert.match(await text('?error=access_denied'), /not allowed this app/)
    assert.match(await text('?error=invalid_scope'), /was refused: invalid_scope/)
    assert.match(await text(''), /come back to from the pages of Tokenferry/)
    assert.match(await text('?error_code=54&error_description=too%20much'), /was refused: 54/)
    // What is behind the # never comes here.
    assert.match(await text(''), /Unless there is a # in the address of this page/)
    assert.doesNotMatch(await text('?code=abc&geolocation=https://eu.example'), /Unless there is a #/)
  })

  test('the first page lists the dialects, and its links lead to pages that know the app', async () => {
    const { payload } = await app.inject('/')
    assert.ok(payload.includes('/data/&lt;demo&gt;.json'))
    for (const { dialect } of here.deployment.mounts) assert.ok(payload.includes(`<li>${dialect.name}: `))
    const links = [...payload.matchAll(/href="(http[^"]*authorize[^"]*)"/g)].map(([, href]) => href ?? '')
    assert.ok(links.length >= 3)
    assert.match(payload, /sign in as <code>alice\.standard<\/code>/)
    assert.match(payload, /href="\/dev\/callbacks"/)
    assert.equal(links.filter((link) => link.includes('response_type=code+id_token')).length, 1)
    for (const link of links) {
      const { pathname, search } = new URL(link.replaceAll('&amp;', '&'))
      const page = await here.app.inject(pathname + search)
      assert.match(page.payload, /<title>Sign in/)
    }
  })
})
