import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { differences } from './comparison.ts'
import { readTranscript, requestOf } from './transcript.ts'

const secret = 'a-secret-that-is-long-enough-to-matter'
const section = { client_id: 'app', client_secret: secret, legacy_tokens: ['old token&1', 'old"2'] }
const meaningAt = (now: number) => ({ captured: new Map<string, unknown>(), section, now })

const text = `# A sentence
# in two lines.
@advance 2m
POST /token?a={{client_id}}
Authorization: Basic {{basic}}

token={{legacy_tokens.0}}
&x=1

200
Cache-Control: no-store

{ "id": "<<id>>", "until": {{now+60}}, "who": "{{client_id}}", "odd": "<<any>>", "list": [1, "b"] }

# Another.
GET /next/{{id}}

204
`

const answer = (body: object, status = 200) => ({
  status,
  headers: { 'cache-control': 'no-store' },
  text: JSON.stringify(body),
})
const good = { list: [1, 'b'], odd: null, who: 'app', until: 70, id: 'number-one' }

function firstOf(transcript: string) {
  const [first] = readTranscript(transcript)
  if (!first) throw new Error('There is no exchange in it.')
  return first
}

suite('transcripts', () => {
  test('a file is read as its exchanges, each with its sentence and its place', () => {
    const [first, second, ...rest] = readTranscript(text)
    assert.equal(rest.length, 0)
    assert.equal(first?.says, 'A sentence in two lines.')
    assert.equal(first?.line, 4)
    assert.equal(first?.advance, 120_000)
    assert.equal(second?.status, 204)
    assert.equal(second?.expectedBody, undefined)
  })

  test('a placeholder is spelt as its place asks', () => {
    const request = requestOf(firstOf(text), meaningAt(0))
    assert.equal(request.path, '/token?a=app')
    assert.equal(request.body, 'token=old%20token%261&x=1')
    assert.equal(request.headers.authorization, `Basic ${Buffer.from(`app:${secret}`).toString('base64')}`)
    assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded')
    const json = requestOf(firstOf('POST /a\n\n{ "t": "{{legacy_tokens.1}}" }\n\n200\n'), meaningAt(0))
    assert.deepEqual(JSON.parse(json.body ?? ''), { t: 'old"2' })
    assert.equal(json.headers['content-type'], 'application/json')
  })

  test('a kept promise has no differences, and what it names is captured', () => {
    const meaning = meaningAt(10_000)
    assert.deepEqual(differences(firstOf(text), answer(good), meaning), [])
    assert.equal(meaning.captured.get('id'), 'number-one')
  })

  const broken: readonly (readonly [string, object, RegExp])[] = [
    ['another value', { ...good, who: 'other' }, /^body\.who/],
    ['another number', { ...good, until: 71 }, /^body\.until/],
    ['a number as a text', { ...good, until: '70' }, /^body\.until/],
    ['a member too many', { ...good, more: 1 }, /^body\.more: not promised/],
    ['a member too few', { ...good, odd: undefined }, /^body\.odd: .* missing/],
    ['another order in a list', { ...good, list: ['b', 1] }, /^body\.list/],
    ['a list for a text', { ...good, who: ['app'] }, /^body\.who/],
    ['an object for a captured text', { ...good, id: {} }, /^body\.id/],
  ]
  for (const [name, body, message] of broken) {
    test(`a broken promise is told: ${name}`, () => {
      const found = differences(firstOf(text), answer(body), meaningAt(10_000))
      assert.match(found[0] ?? '', message)
    })
  }

  test('another status and another header are told', () => {
    const found = differences(
      firstOf(text),
      { ...answer(good, 400), headers: { 'cache-control': 'public' } },
      meaningAt(10_000),
    )
    assert.match(found.join('\n'), /status: 200 promised, 400 came/)
    assert.match(found.join('\n'), /header cache-control/)
  })

  test('a difference shows no credential, known or not', () => {
    const unknown = 'tfr_0123456789abcdefghijklmnopqrstuvwxyz'
    const found = differences(
      firstOf(text),
      answer({ ...good, who: secret, more: unknown }),
      meaningAt(10_000),
    )
    assert.doesNotMatch(found.join('\n'), new RegExp(`${secret}|${unknown}`))
    assert.match(found.join('\n'), /\{\{client_secret\}\}/)
  })

  test('a page is compared by the lines that occur in it, and a redirect by what it carries', () => {
    const exchange = firstOf(
      'GET /page\n\n302\nLocation: /next?code=<<code>>&state=1\n\n<input name="form" value="<<form>>">',
    )
    const meaning = meaningAt(0)
    const page = {
      status: 302,
      headers: { location: '/next?code=c-1&state=1' },
      text: '<p><input name="form" value="f-1"></p>',
    }
    assert.deepEqual(differences(exchange, page, meaning), [])
    assert.deepEqual(
      [...meaning.captured],
      [
        ['code', 'c-1'],
        ['form', 'f-1'],
      ],
    )
    assert.equal(differences(exchange, { ...page, text: '<p></p>' }, meaningAt(0)).length, 1)
  })

  test('what is no transcript is told with its line', () => {
    assert.throws(() => readTranscript('POST /a\n\nb=1\n', 'x.http'), /x\.http:1/)
    assert.throws(() => readTranscript('# a\nhello\n', 'x.http'), /x\.http:2/)
    assert.throws(() => readTranscript('@advance 3 days\n', 'x.http'), /x\.http:1/)
    const exchange = firstOf('GET /{{nobody}}\n\n200\n')
    assert.throws(() => requestOf(exchange, meaningAt(0)), /\{\{nobody\}\}/)
  })
})
