/** Guessing a password at the token endpoint, from everywhere at once. One-time codes have their own test. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { signInLimits } from '../kernel/sign-in.ts'
import { hashPassword } from '../keys/password.ts'
import { testPassword } from '../testing/account.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import { aUser } from '../testing/records.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'

const publicUrl = 'http://127.0.0.1:4000'
const guessesMax = 200

suite('promises: guessing a password, over two processes and from many addresses', {
  timeout: 300_000,
}, () => {
  let here: TestDeployment
  let servers: readonly ServerProcess[] = []
  const form = (username: string, password: string) => ({
    grant_type: 'password',
    client_id: String(here.sections.concur?.trusted_client_id),
    client_secret: String(here.sections.concur?.trusted_client_secret),
    username,
    password,
  })

  before(async () => {
    // Behind a listed proxy, which says where requests come from: no limit of an address stops any of these.
    const config = { public_url: publicUrl, trusted_proxies: ['127.0.0.1'] }
    here = await testDeployment({ mounts: ['concur'], file: true, config })
    const passwordHash = await hashPassword(testPassword)
    for (const id of ['guessed', 'slowly-guessed', 'neighbour']) {
      const user = aUser({ id, username: id, passwordHash })
      await here.deployment.store.commit([{ write: 'put_user', user, organizations: [] }])
    }
    const start = (): Promise<ServerProcess> =>
      startServer({
        folder: here.folder,
        config: {
          ...config,
          database: here.config.database,
          root_secret: `env:${rootSecretName}`,
          mounts: [{ dialect: 'concur', prefix: '/concur' }],
        },
      })
    servers = await Promise.all([start(), start()])
    // Failures count by the quarter of an hour, and the servers' clock is the real one.
    const left = signInLimits.windowMilliseconds - (Date.now() % signInLimits.windowMilliseconds)
    if (left < 20_000) await pause(left)
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.kill()))
    await here.close()
  })

  /** The code of the answer, or its status where it grants. */
  async function guess(at: number, username: string, password: string): Promise<unknown> {
    const answer = await fetch(`${servers[at % servers.length]?.base}/concur/oauth2/v0/token`, {
      method: 'POST',
      headers: { 'x-forwarded-for': `203.0.113.${at % 250}` },
      body: new URLSearchParams(form(username, password)),
    })
    const said: { readonly code?: number } = JSON.parse(await answer.text())
    return said.code ?? answer.status
  }
  /** In this process, whose clock is the test's. */
  async function askHere(username: string): Promise<unknown> {
    const body = form(username, testPassword)
    const { status, json } = await here.request('/concur', { path: '/oauth2/v0/token', body })
    return json.code ?? status
  }

  test('200 passwords at once, the right one last: a lock and no token, and a few were looked at', async () => {
    const guesses = Array.from({ length: guessesMax }, (_, at) =>
      guess(at, 'guessed', at === guessesMax - 1 ? testPassword : `guess ${at}`),
    )
    const said = await Promise.all(guesses)
    const count = (code: unknown): number => said.filter((one) => one === code).length
    assert.equal(count(200), 0)
    assert.deepEqual(
      [...new Set(said)].filter((code) => ![5, 14, 503].includes(Number(code))),
      [],
    )
    // What one process looks at just then, the other does not know of.
    const lookedAt = count(5)
    assert.ok(lookedAt >= signInLimits.failuresMax - 1, `${lookedAt}`)
    assert.ok(lookedAt <= signInLimits.failuresMax * servers.length, `${lookedAt}`)
    for (const at of [0, 1]) assert.equal(await guess(at, 'guessed', 'one more'), 14)
  })

  test('the right password is refused at both until the lock is over, and granted then', async () => {
    for (const at of [0, 1]) assert.equal(await guess(at, 'guessed', testPassword), 14)
    here.clock.advance(signInLimits.lockMilliseconds - 60_000)
    assert.equal(await askHere('guessed'), 14)
    here.clock.advance(120_000)
    assert.equal(await askHere('guessed'), 200)
  })

  test('guesses one after the other end the same way, whichever process hears them', async () => {
    const said: unknown[] = []
    for (let at = 0; at < signInLimits.failuresMax; at += 1) {
      said.push(await guess(at, 'slowly-guessed', `guess ${at}`))
    }
    assert.deepEqual(new Set(said), new Set([5]))
    for (const at of [0, 1]) assert.equal(await guess(at, 'slowly-guessed', testPassword), 14)
  })

  test('nobody else is locked by it', async () => {
    for (const at of [0, 1]) assert.equal(await guess(at, 'neighbour', testPassword), 200)
  })
})
