/** One mail for each user whose token is moved over: not none, and not two. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import PostalMime from 'postal-mime'
import { lookupOf } from '../kernel/legacy-lookup.ts'
import { currentVersion } from '../kernel/ring.ts'
import type { TestDeployment } from '../testing/deployment.ts'
import { rootSecretName, testDeployment } from '../testing/deployment.ts'
import type { MailServer } from '../testing/mail-server.ts'
import { mailServer } from '../testing/mail-server.ts'
import { aLegacyToken, anOrganization, aUser } from '../testing/records.ts'
import type { ServerProcess } from '../testing/server-process.ts'
import { startServer } from '../testing/server-process.ts'
import { countOf } from './asks.ts'

const users = Array.from({ length: 30 }, (_, at) => `user-${at}`)
const tokens = Array.from({ length: 1000 }, () => randomBytes(20).toString('hex'))
const atATime = 8
/** One process has so many mails on their way at once. */
const onTheirWayMax = 4

suite('promises: mails', { timeout: 300_000 }, () => {
  let here: TestDeployment
  let mail: MailServer
  let servers: ServerProcess[] = []

  const start = (): Promise<ServerProcess> =>
    startServer({
      folder: here.folder,
      config: {
        // Every node has the same, and a mail's id comes of it.
        public_url: 'http://127.0.0.1:4000',
        database: here.config.database,
        root_secret: `env:${rootSecretName}`,
        mounts: [{ dialect: 'pipedrive', prefix: '/' }],
        mail: {
          from: 'Company <no-reply@company.example>',
          smtp: { host: '127.0.0.1', port: mail.port, tls: 'none' },
          retry_first: '1s',
        },
      },
    })

  before(async () => {
    here = await testDeployment({ mounts: ['pipedrive'], file: true, background: false })
    await importTokens(here)
    // A server that is busy now and then: every third user's mail is put off, some of them twice.
    mail = await mailServer({
      message: (address, time) =>
        time <= Number(/\d+/.exec(address)?.[0]) % 3 ? '451 4.3.2 later' : undefined,
    })
    servers = await Promise.all([start(), start()])
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.kill()))
    await mail?.close()
    await here.close()
  })

  test('1,000 tokens of 30 users are exchanged over two processes, one is killed: 30 mails, each once', async () => {
    const [victim, other] = servers
    assert.ok(victim && other)
    const left = [...tokens]
    const work = async (): Promise<void> => {
      for (let token = left.pop(); token !== undefined; token = left.pop()) await exchangeSomewhere(token)
    }
    const exchangeSomewhere = async (token: string): Promise<void> => {
      for (let at = 0; ; at += 1) {
        const server = servers[at % servers.length]
        const status = await exchange(here, server?.base ?? '', token).catch(() => 0)
        if (status === 200) return
        assert.ok([0, 503].includes(status), `refused with ${status}`)
      }
    }
    let unsettled: ReadonlySet<string> = new Set()
    const kill = async (): Promise<void> => {
      while (mail.taken.length < 8) await new Promise((resolve) => setTimeout(resolve, 1))
      await victim.kill('SIGKILL')
      unsettled = await idsOf(here, `status = 'waiting' and claimed_by is not null`)
      servers = [other, await start()]
    }
    await Promise.all([kill(), ...Array.from({ length: atATime }, work)])
    assert.equal(await countOf(here, 'select count(*) from grants'), tokens.length)

    const settled = `select count(*) from deliveries where kind = 'app_installed' and status = 'sent'`
    while ((await countOf(here, settled)) < users.length) {
      // What the killed process had claimed is taken over when its claim has run out.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const parsed = await Promise.all(mail.taken.map(({ bytes }) => PostalMime.parse(bytes)))
    const messageIds = parsed.map(({ messageId }) => messageId)
    assert.equal(new Set(messageIds).size, users.length)
    assert.deepEqual(
      new Set(mail.taken.map(({ to }) => to)),
      new Set(users.map((user) => `${user}@company.example`)),
    )
    // A second copy only of what the killed process was sending: between the server's 250 and our record.
    const twice = messageIds.filter((id, at) => messageIds.indexOf(id) !== at)
    assert.ok(twice.length <= onTheirWayMax, `${twice.length} mails came twice`)
    assert.ok(twice.length <= unsettled.size)
    for (const id of twice) {
      const { to } = mail.taken[messageIds.indexOf(id)] ?? {}
      assert.ok(unsettled.has(String(to).split('@')[0] ?? ''), `${to} was told twice without a reason`)
    }
  })
})

/** The users whom the deliveries in this state are for. */
async function idsOf({ deployment }: TestDeployment, state: string): Promise<ReadonlySet<string>> {
  const rows = await deployment.database.query(`select user_id from deliveries where ${state}`, [])
  return new Set(rows.map(({ user_id }) => String(user_id)))
}

async function importTokens({ deployment }: TestDeployment): Promise<void> {
  const { store, world } = deployment
  const { ring, now } = world.moment()
  const version = currentVersion(ring, now)
  await store.commit([{ write: 'put_organization', organization: anOrganization() }])
  for (const id of users) {
    const user = aUser({ id, username: id, email: `${id}@company.example`, name: `User ${id}` })
    await store.commit([{ write: 'put_user', user, organizations: ['company'] }])
  }
  await store.importLegacyTokens(
    tokens.map((token, at) => {
      const { boundTo, exchange, keyVersion, grantNumber, connectionEpoch, status, ...row } = aLegacyToken({
        lookup: lookupOf(version, 'raw', Buffer.from(token)),
        lookupVersion: version.version,
        clientId: '',
        dialect: 'pipedrive',
        organizationId: 'company',
        userId: users[at % users.length] ?? '',
      })
      return { ...row, alsoAs: [] }
    }),
  )
}

async function exchange({ sections }: TestDeployment, base: string, token: string): Promise<number> {
  const section: Readonly<Record<string, unknown>> = sections.pipedrive ?? {}
  const answer = await fetch(`${base}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${section.client_id}:${section.client_secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'exchange_api_token', api_token: token }),
  })
  await answer.arrayBuffer()
  return answer.status
}
