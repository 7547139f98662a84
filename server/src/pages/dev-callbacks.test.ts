import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import fastify from 'fastify'
import { brandOf } from '../brand.ts'
import { devCallbacks } from './dev-callbacks.ts'

const publicUrl = 'http://127.0.0.1:4000'
const brand = brandOf({ brand: { name: 'Acme' }, public_url: publicUrl })
const path = '/dev/callbacks'

suite("pages: the demo's callbacks", () => {
  let app: FastifyInstance

  before(() => {
    app = fastify()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    devCallbacks({ publicUrl, brand, language: 'en', scopes: {} })(app)
  })
  after(() => app.close())

  const json = { 'content-type': 'application/json' }

  test('what came is shown as text, with its headers and without the secret of who called', async () => {
    assert.match((await app.inject(path)).payload, /Nothing has come yet/)
    const signed = { ...json, 'webhook-id': 'msg_1', 'x-else': 'not shown' }
    const payload = '{"type":"<script>"}'
    const answer = await app.inject({ method: 'POST', url: path, headers: signed, payload })
    assert.equal(answer.statusCode, 204)
    const authorization = `Basic ${Buffer.from('app:hidden').toString('base64')}`
    const headers = { ...json, authorization }
    await app.inject({ method: 'DELETE', url: path, headers, payload: '{"client_id":"app"}' })
    const shown = (await app.inject(path)).payload
    assert.ok(shown.indexOf('<h2>DELETE') < shown.indexOf('<h2>POST'), 'the newest first')
    assert.match(shown, /<code>msg_1<\/code>/)
    assert.match(shown, /&lt;script&gt;/)
    assert.match(shown, /<code>Basic app:…<\/code>/)
    for (const hidden of ['<script>', 'not shown', authorization, 'hidden'])
      assert.ok(!shown.includes(hidden))
  })

  test('the last fifty are kept', async () => {
    for (let at = 0; at < 60; at += 1) {
      await app.inject({ method: 'POST', url: path, headers: json, payload: `{"at":${at}}` })
    }
    const bodies = [...(await app.inject(path)).payload.matchAll(/<pre>(.*?)<\/pre>/g)]
    assert.equal(bodies.length, 50)
    assert.match(bodies[0]?.[1] ?? '', /59/)
  })
})
