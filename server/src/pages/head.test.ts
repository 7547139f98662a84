/** RFC 9110 §9.3.2: what monitors and link checkers ask of a page, over a real connection. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { AccountBed } from '../testing/account.ts'
import { accountBed } from '../testing/account.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { testDeployment } from '../testing/deployment.ts'

let host: TestDeployment
let bed: AccountBed
let cookie: string
let number: number

before(async () => {
  host = await testDeployment({ mounts: ['standard'], seed: false })
  bed = accountBed(host)
  await bed.organization({ id: 'acme' })
  await bed.person({ id: 'alice' }, { acme: 'admin' })
  await bed.app({ id: 'app' })
  const wanted = {
    clientId: 'app',
    userId: 'alice',
    organizationId: 'acme',
    confirmation: 'pending',
  } as const
  number = (await bed.connect(wanted)).number
  const { cookies } = await bed.signIn('alice')
  cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  await host.app.listen({ port: 0, host: '127.0.0.1' })
})
after(() => host.close())

type Answer = {
  readonly status: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** Reads what comes over the connection, to its end: a client would hide a body that must not be there. */
async function ask(method: string, path: string, cookies = cookie): Promise<Answer> {
  const address = (host.app.server as Server).address()
  assert.ok(address !== null && typeof address === 'object')
  const socket = connect(address.port, '127.0.0.1')
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', `Cookie: ${cookies}`]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await once(socket, 'close')
  const end = text.indexOf('\r\n\r\n')
  const [status = '', ...fields] = text.slice(0, end).split('\r\n')
  const pairs = fields.map((field) => {
    const at = field.indexOf(': ')
    return [field.slice(0, at).toLowerCase(), field.slice(at + 2)] as const
  })
  return { status, headers: new Map(pairs), body: text.slice(end + 4) }
}

/** The headers that are the same in each answer; that there is nothing need not be said twice. */
const lasting = ({ headers }: Answer): readonly (readonly [string, string])[] =>
  [...headers].filter(
    ([name, value]) => !['date', 'set-cookie'].includes(name) && `${name}: ${value}` !== 'content-length: 0',
  )

suite('HEAD: a page without its body', () => {
  test('every page answers as to GET, with the same headers and nothing after them', async () => {
    for (const path of [
      '/sign-in',
      '/sign-out',
      '/oauth2/authorize',
      '/account',
      '/account/apps',
      `/account/apps/${number}`,
      `/account/apps/${number}/uninstall`,
      '/account/sessions',
      '/account/organizations/acme/apps',
      '/account/organizations/acme/apps/app/uninstall',
      '/account/apps/999999',
      '/assets/pages.css',
      '/assets/logos/none.png',
    ]) {
      const [got, head] = [await ask('GET', path), await ask('HEAD', path)]
      assert.equal(head.status, got.status, path)
      assert.deepEqual(lasting(head), lasting(got), path)
      assert.equal(head.body, '', path)
    }
    assert.match((await ask('HEAD', '/account/apps')).status, / 200 /)
    assert.match((await ask('HEAD', '/account/apps', '')).status, / 200 /)
  })

  test('it does no more than GET: what wants a form is not done by it', async () => {
    const answer = await ask('HEAD', `/account/apps/${number}/confirm`)
    assert.match(answer.status, / 405 /)
    assert.equal(answer.headers.get('allow'), 'POST')
    assert.equal((await bed.find(number)).confirmation, 'pending')
    assert.equal((await ask('DELETE', '/sign-in')).headers.get('allow'), 'GET, HEAD, POST')
  })
})
