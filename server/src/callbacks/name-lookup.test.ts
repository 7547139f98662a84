/** Against real name servers of the loopback: one that is silent, and one whose answers change. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, suite, test } from 'node:test'
import type { GuardedAnswer } from './guarded-request.ts'
import { guardedRequest } from './guarded-request.ts'
import type { Resolve } from './name-lookup.ts'
import { lookUpNames } from './name-lookup.ts'
import { reachable } from './reachable.ts'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()))
})

const folder = mkdtempSync(join(tmpdir(), 'tokenferry-hosts-'))
after(() => rmSync(folder, { recursive: true }))

/** What a name server is asked: `A app.example`. */
type NameServer = { readonly servers: readonly string[]; readonly asked: string[] }

/** Answers each question with these addresses, or not at all where there are none. */
async function nameServer(answer: (question: string) => readonly string[] | undefined): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, { port, address }) => {
    const question = readQuestion(query)
    asked.push(question)
    const addresses = answer(question)
    if (addresses) socket.send(response(query, addresses), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  open.push(() => new Promise<void>((closed) => void socket.close(closed)))
  return { servers: [`127.0.0.1:${socket.address().port}`], asked }
}

const headerBytes = 12

/** RFC 1035 §4.1.2: labels with their lengths, then the type. */
function readQuestion(query: Buffer): string {
  const labels: string[] = []
  let at = headerBytes
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return `${query.readUInt16BE(at + 1) === 1 ? 'A' : 'AAAA'} ${labels.join('.')}`
}

/** RFC 1035 §4.1: the question again, and an IPv4 address for each, which may be kept for an hour. */
function response(query: Buffer, addresses: readonly string[]): Buffer {
  const questionEnd = query.indexOf(0, headerBytes) + 5
  const header = Buffer.from(query.subarray(0, headerBytes))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(addresses.length, 6)
  header.writeUInt32BE(0, 8)
  const records = addresses.map((address) => [
    ...[0xc0, headerBytes, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4],
    ...address.split('.').map(Number),
  ])
  return Buffer.concat([header, query.subarray(headerBytes, questionEnd), Buffer.from(records.flat())])
}

const silent = () => nameServer(() => undefined)

const noHosts = join(folder, 'absent')

const find = (resolve: Resolve, name: string, over = new AbortController().signal) =>
  new Promise<readonly string[]>((settle, refuse) => {
    resolve(name, (error, addresses) => (error ? refuse(error) : settle(addresses.map(textOf))), over)
  })

const textOf = ({ address, family }: LookupAddress): string => `${family} ${address}`

async function web(): Promise<{ readonly port: number; readonly visits: string[] }> {
  const visits: string[] = []
  const server = createServer((request, answer) => {
    visits.push(request.headers.host ?? '')
    answer.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  open.push(() => new Promise((closed) => void server.close(closed)))
  return { port: address.port, visits }
}

const ask = (url: string, resolve: Resolve, timeoutMilliseconds = 5_000): Promise<GuardedAnswer> =>
  guardedRequest({ reachable: reachable(['127.0.0.1']), resolve, timeoutMilliseconds })({
    url,
    method: 'POST',
    headers: {},
    body: '',
  })

suite('looking names up: a name server that is silent', () => {
  test('six requests wait for it, and no other look-up of the process does', async () => {
    const { servers, asked } = await silent()
    const resolve = lookUpNames({ servers })
    let settled = 0
    const waiting = Array.from({ length: 6 }, async (_, at) => {
      const answer = await ask(`https://app-${at}.example/`, resolve, 10_000)
      settled += 1
      return answer
    })
    while (asked.length < 12) await new Promise((next) => setImmediate(next))
    assert.ok((await lookup('localhost')).address)
    assert.equal(settled, 0)
    for (const answer of await Promise.all(waiting)) {
      assert.match(answer.outcome === 'failed' ? answer.problem : '', /TIMEOUT app-\d\.example/)
    }
    // It is asked once for each kind of address, and given up before the request's own time is over.
    assert.equal(asked.length, 12)
  })

  test('with the request, the look-up is over', async () => {
    const { servers, asked } = await silent()
    const resolve = lookUpNames({ servers })
    const over = new AbortController()
    const looking = find(resolve, 'app.example', over.signal)
    while (asked.length < 2) await new Promise((next) => setImmediate(next))
    over.abort()
    await assert.rejects(looking, { code: 'ECANCELLED' })
    await assert.rejects(find(resolve, 'app.example', over.signal), /request is over/)
    assert.equal(asked.length, 2)
    const ended: AbortSignal[] = []
    const noting: Resolve = (name, done, signal) => {
      ended.push(signal)
      resolve(name, done, signal)
    }
    const answer = await ask('https://app.example/', noting, 100)
    assert.deepEqual(answer, { outcome: 'failed', problem: 'No answer within 100 ms.' })
    assert.deepEqual(
      ended.map(({ aborted }) => aborted),
      [true],
    )
  })
})

suite('looking names up: a name server that answers', () => {
  test('a name that is bound anew is asked for anew, and refused', async () => {
    const { port, visits } = await web()
    const answers = [['127.0.0.1'], ['127.0.0.2']]
    const { servers, asked } = await nameServer((question) =>
      question.startsWith('AAAA') ? [] : answers.shift(),
    )
    const resolve = lookUpNames({ servers })
    const first = await ask(`http://app.example:${port}/`, resolve)
    const second = await ask(`http://app.example:${port}/`, resolve)
    assert.equal(first.outcome, 'answered')
    assert.match(second.outcome === 'refused' ? second.problem : '', /app\.example: .*127\.0\.0\.2/)
    assert.deepEqual(visits, [`app.example:${port}`])
    assert.equal(asked.length, 4)
  })

  test('addresses of one kind are enough, and a name with none is a failure that says so', async () => {
    const { servers } = await nameServer((question) =>
      question === 'A app.example' ? ['192.0.2.1', '192.0.2.2'] : [],
    )
    const resolve = lookUpNames({ servers })
    assert.deepEqual(await find(resolve, 'app.example'), ['4 192.0.2.1', '4 192.0.2.2'])
    await assert.rejects(find(resolve, 'none.example'), /ENODATA none\.example/)
  })

  test('a name is asked for as it stands: no search domain is put behind it', async () => {
    const { servers, asked } = await nameServer(() => [])
    await assert.rejects(find(lookUpNames({ servers }), 'reports'))
    assert.deepEqual(asked.sort(), ['A reports', 'AAAA reports'])
  })

  test('what is no name is a failure, and nobody is asked', async () => {
    const { servers, asked } = await silent()
    const resolve = lookUpNames({ servers })
    for (const name of ['app..example', `${'a'.repeat(64)}.example`])
      await assert.rejects(find(resolve, name))
    assert.deepEqual(asked, [])
  })
})

suite('looking names up: the hosts file', () => {
  const hostsFile = join(folder, 'hosts')

  test('its names are gone to without any name server', async () => {
    const { port, visits } = await web()
    writeFileSync(
      hostsFile,
      [
        '# 127.0.0.9 commented.example',
        'fe80::1%lo0 reports.internal',
        '127.0.0.1\tReports.Internal  reports # the app',
        '::1 reports',
        'nowhere reports',
        '127.0.0.1 two.internal\r',
      ].join('\n'),
    )
    const { servers, asked } = await silent()
    const resolve = lookUpNames({ servers, hostsFile })
    assert.deepEqual(await find(resolve, 'reports.internal'), ['4 127.0.0.1'])
    assert.deepEqual(await find(resolve, 'REPORTS'), ['4 127.0.0.1', '6 ::1'])
    assert.deepEqual(await find(resolve, 'two.internal'), ['4 127.0.0.1'])
    const answer = await ask(`http://reports.internal:${port}/`, resolve)
    assert.equal(answer.outcome, 'answered')
    assert.deepEqual(visits, [`reports.internal:${port}`])
    assert.deepEqual(asked, [])
  })

  test('a change of it is seen after a minute', async () => {
    let now = 0
    writeFileSync(hostsFile, '127.0.0.1 app.internal')
    const resolve = lookUpNames({ hostsFile, milliseconds: () => now })
    assert.deepEqual(await find(resolve, 'app.internal'), ['4 127.0.0.1'])
    writeFileSync(hostsFile, '127.0.0.2 app.internal')
    now = 59_999
    assert.deepEqual(await find(resolve, 'app.internal'), ['4 127.0.0.1'])
    now = 60_000
    assert.deepEqual(await find(resolve, 'app.internal'), ['4 127.0.0.2'])
  })

  test('localhost is this machine where no file says so, and is never asked for', async () => {
    const { servers, asked } = await silent()
    const resolve = lookUpNames({ servers, hostsFile: noHosts })
    for (const name of ['localhost', 'app.localhost']) {
      assert.deepEqual(await find(resolve, name), ['4 127.0.0.1', '6 ::1'])
    }
    assert.deepEqual(asked, [])
  })
})
