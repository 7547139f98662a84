/**
 * What bad input gets: every dialect, every endpoint, every mistake. The good request is taken from the
 * endpoint's own transcript; all that is wrong with it is tried first, and then it succeeds as if nothing had
 * been.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { dump } from '../promises/asks.ts'
import { aContext } from '../testing/context.ts'
import type { Conversation } from '../testing/conversation.ts'
import { conversation } from '../testing/conversation.ts'
import type { TestAnswer, TestDeployment } from '../testing/deployment.ts'
import { credentialsOf, sendsMails, testDeployment } from '../testing/deployment.ts'
import type { Mistake } from '../testing/mistakes.ts'
import { mistakesOf } from '../testing/mistakes.ts'
import type { Exchange, Request } from '../testing/transcript.ts'
import { readTranscript } from '../testing/transcript.ts'
import type { Dialect, Endpoint } from './dialect.ts'
import { dialects } from './index.ts'

for (const dialect of dialects) {
  suite(`bad input: ${dialect.name}`, () => {
    let host: TestDeployment
    let spoken: Conversation
    before(async () => {
      // Each mistake is a failed attempt of one address; how many it may make is another test's subject.
      const config = { limits: { failures_per_minute: 1_000_000 } }
      host = await testDeployment({ mounts: [dialect.name], config, mails: sendsMails(dialect.endpoints) })
      spoken = conversation(host, dialect.name)
    })
    after(() => host.close())

    for (const { endpoint, exchanges } of stepsOf(dialect)) {
      const where = [endpoint.route, ...Object.values(endpoint.when ?? {})].join(' ')
      test(`${where}: each mistake is refused and changes nothing, then the right request is answered`, async () => {
        for (const exchange of exchanges.slice(0, -1)) {
          await spoken.say(exchange, await spoken.prepare(exchange))
        }
        const exchange = exchanges.at(-1)
        assert.ok(exchange)
        const request = await spoken.prepare(exchange)
        const methods = methodsAt(endpoint, dialect)
        const { body_bytes } = host.config.limits
        const found: string[] = []
        for (const mistake of mistakesOf(atRoute(request, endpoint), endpoint, methods, body_bytes)) {
          const complaints = await make(mistake, endpoint, dialect, host, spoken)
          found.push(...complaints.map((complaint) => `${mistake.name}: ${complaint}`))
        }
        const differing = await spoken.say(exchange, request)
        assert.equal(found.length, 0, `\n${found.join('\n')}`)
        assert.equal(differing.length, 0, differing.join('\n'))
      })
    }

    test('what is no path of it is refused in its own words', async () => {
      for (const path of [
        '/',
        '/unheard-of',
        '/unheard-of/%zz',
        '//',
        '/%00',
        '/..%2f',
        `/${'x'.repeat(3000)}`,
      ]) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          const answer = await spoken.send({ method, path, headers: {}, body: undefined })
          // Fastify itself refuses addresses that nothing could be found at, and then in the dialect's words,
          // too.
          const complaints = shapeComplaints(answer, [
            dialect.refuse({ reason: 'path_unknown' }, aContext(dialect)).body,
          ])
          assert.deepEqual(complaints, [], `${method} ${path.slice(0, 20)}: ${answer.status} ${answer.text}`)
        }
      }
    })

    test('no credential and no stack trace is in the log of it all', () => {
      const log = host.logs.join('')
      assert.ok(host.logs.length > 100)
      const said = [...spoken.captured.values()].map(String).filter((value) => value.length >= 16)
      const credentials = [...said, ...credentialsOf(host.sections)]
      assert.equal(credentials.filter((credential) => log.includes(credential)).length, 0)
      assert.doesNotMatch(log, /"stack"|node_modules|\.ts:\d/)
    })
  })
}

type Step = { readonly endpoint: Endpoint; readonly exchanges: readonly Exchange[] }

/** The transcript, cut behind the first good request to each endpoint; what has none stands at the end. */
function stepsOf(dialect: Dialect): readonly Step[] {
  const text = readFileSync(new URL(`./${dialect.name}.http`, import.meta.url), 'utf8')
  const exchanges = readTranscript(text, `${dialect.name}.http`)
  const examples = dialect.endpoints.map((endpoint) => ({
    endpoint,
    at: exampleOf(endpoint, dialect, exchanges),
  }))
  const ordered = [...examples].sort((one, other) => one.at - other.at)
  return ordered.map(({ endpoint, at }, place) => {
    assert.ok(at >= 0, `${dialect.name}.http has no exchange for ${endpoint.route}.`)
    const from = place === 0 ? 0 : (ordered[place - 1]?.at ?? 0) + 1
    // Two endpoints may share an example: an alias of a route is tried with the request of the other.
    return { endpoint, exchanges: from > at ? exchanges.slice(at, at + 1) : exchanges.slice(from, at + 1) }
  })
}

/**
 * Where the first good request to an endpoint stands; else one to another route that does the same; else a
 * refused one, of an endpoint that can as yet only refuse.
 */
function exampleOf(endpoint: Endpoint, dialect: Dialect, exchanges: readonly Exchange[]): number {
  const good = (exchange: Exchange): boolean => exchange.status < 300
  const alike = dialect.endpoints.filter(
    ({ does, when }) => does === endpoint.does && JSON.stringify(when) === JSON.stringify(endpoint.when),
  )
  const ways: readonly ((exchange: Exchange) => boolean)[] = [
    (exchange) => good(exchange) && isTo(exchange, endpoint),
    (exchange) => good(exchange) && alike.some((other) => isTo(exchange, other)),
    (exchange) => isTo(exchange, endpoint) && isWhole(exchange, endpoint),
  ]
  for (const way of ways) {
    const at = exchanges.findIndex(way)
    if (at >= 0) return at
  }
  return -1
}

function pathOf({ route }: Endpoint): string {
  return route.split(' ')[1] ?? ''
}

function isTo({ method, path, body = '' }: Exchange, endpoint: Endpoint): boolean {
  const pattern = pathOf(endpoint).replaceAll(/:\w+/g, '[^/]+')
  if (!endpoint.route.startsWith(`${method} `) || !new RegExp(`^${pattern}(\\?|$)`).test(path)) return false
  const form = new URLSearchParams(body.replaceAll('\n', ''))
  return Object.entries(endpoint.when ?? {}).every(
    ([name, value]) => form.get(name) === value || body.includes(`"${name}": "${value}"`),
  )
}

function isWhole({ body = '' }: Exchange, { takes }: Endpoint): boolean {
  const form = new URLSearchParams(body.replaceAll('\n', ''))
  return Object.entries(takes).every(
    ([name, kind]) => kind !== 'required' || form.has(name) || body.includes(`"${name}":`),
  )
}

/** The same request at the endpoint's own route, where its example came from another one. */
function atRoute(request: Request, endpoint: Endpoint): Request {
  const own = pathOf(endpoint)
  const fits = new RegExp(`^${own.replaceAll(/:\w+/g, '[^/]+')}(\\?|$)`).test(request.path)
  return fits ? request : { ...request, path: own }
}

const methodsAt = (endpoint: Endpoint, { endpoints }: Dialect): readonly string[] =>
  endpoints.filter((one) => pathOf(one) === pathOf(endpoint)).map(({ route }) => route.split(' ')[0] ?? '')

/** Makes a mistake; tells what is not as it ought to be. */
async function make(
  { sent, reasons, parameter }: Mistake,
  endpoint: Endpoint,
  dialect: Dialect,
  host: TestDeployment,
  spoken: Conversation,
): Promise<readonly string[]> {
  const rows = await dump(host)
  const logged = answersIn(host).length
  const answer = await spoken.send(sent)
  const found: string[] = []
  if (answer.status < 400 || answer.status > 499) found.push(`status ${answer.status}`)
  const answers = answersIn(host)
  const { reason } = JSON.parse(answers.at(-1) ?? '{}')
  if (answers.length !== logged + 1) found.push(`${answers.length - logged} lines in the log`)
  if (!reasons.includes(reason)) found.push(`refused as ${reason}, not as ${reasons.join(' or ')}`)
  else {
    const refusal = parameter === undefined ? { reason } : { reason, parameter }
    // What is at no endpoint's path is refused in the words that all of the dialect share.
    const words = [endpoint.refuse ?? dialect.refuse, dialect.refuse]
    const own = words.flatMap((refuse) =>
      [refusal, { ...refusal, accepted: ['this'] }].map((one) => refuse(one, aContext(dialect))),
    )
    if (!own.some(({ status }) => status === answer.status)) found.push(`status ${answer.status}`)
    found.push(
      ...shapeComplaints(
        answer,
        own.map(({ body }) => body),
      ),
    )
    // Where the dialect's words are its company's own, they name what they name.
    const names = parameter !== undefined && JSON.stringify(own[0]?.body).includes(parameter)
    if (names && !answer.text.includes(parameter)) found.push(`does not name ${parameter}: ${answer.text}`)
  }
  if (credentialsOf(host.sections).some((credential) => answer.text.includes(credential))) {
    found.push('the answer says a credential again')
  }
  if ((await dump(host)) !== rows) found.push('rows were changed')
  return found
}

/** The lines of the log that tell of answers: mails of before go out meanwhile. */
const answersIn = ({ logs }: TestDeployment): readonly string[] =>
  logs.filter((line) => !line.includes('"operation":"deliver"'))

/** As they are sent: one that is `undefined` is not there. */
const membersOf = (body: unknown): string =>
  Object.keys(Object(JSON.parse(JSON.stringify(body))))
    .sort()
    .join()

/** Whether an answer has the members that the dialect's own refusals have, and nothing of the framework's. */
function shapeComplaints(
  { status, json, text, headers }: TestAnswer,
  own: readonly unknown[],
): readonly string[] {
  const found: string[] = []
  if (status < 400 || status > 499) found.push(`status ${status}`)
  const members = membersOf(json)
  if (!own.map(membersOf).includes(members))
    found.push(`the members are ${members || text}, not ${own.map(membersOf)}`)
  if (!String(headers['content-type']).startsWith('application/json')) found.push('it is no JSON')
  if (headers['cache-control'] !== 'no-store') found.push('it may be kept by a cache')
  if (/\bat .*:\d+:\d+|node_modules|statusCode/.test(text)) found.push(`a stack trace: ${text}`)
  return found
}
