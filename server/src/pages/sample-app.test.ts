import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fastify from 'fastify'
import { sampleApp } from './sample-app.ts'

suite("pages: the demo's sample app", () => {
  test('shows what it got, as text, whatever that is', async () => {
    const app = fastify()
    sampleApp('http://127.0.0.1:4000')(app)
    const allowed = await app.inject('/callback?code=abc&state=%3Cscript%3E')
    assert.equal(allowed.statusCode, 200)
    assert.match(allowed.payload, /<dd><code>abc<\/code><\/dd>/)
    assert.ok(!allowed.payload.includes('<script>'))
    assert.match(String(allowed.headers['content-security-policy']), /default-src 'none'/)
    const refused = await app.inject('/callback?error=access_denied')
    assert.match(refused.payload, /not allowed this app/)
    await app.close()
  })
})
